//! What is wrong with a configuration: every bad key, with what would be accepted.

use std::collections::BTreeMap;

use liandong_core::refusal::Accepted;
use liandong_core::region::{MAX_REGION_CODE_LEN, RegionCode};

use super::RawPeer;
use crate::config::{Peer, Problem};
use crate::signing::PublicKey;

/// Gathers every bad key instead of stopping at the first.
pub(super) struct Problems(pub(super) Vec<Problem>);

impl Problems {
    pub(super) fn add(&mut self, key: &str, value: impl ToString, accepted: Accepted) {
        self.0.push(Problem {
            key: key.to_owned(),
            value: value.to_string(),
            accepted,
        });
    }

    pub(super) fn advise(&mut self, key: &str, value: impl ToString, zh: &str, en: &str) {
        let accepted = Accepted::Advice {
            zh: zh.to_owned(),
            en: en.to_owned(),
        };
        self.add(key, value, accepted);
    }

    pub(super) fn region(&mut self, key: &str, text: &str) -> Option<RegionCode> {
        match text.parse() {
            Ok(code) => Some(code),
            Err(_) => {
                self.advise(
                    key,
                    text,
                    &format!("填区域代码，如 371524（1 至 {MAX_REGION_CODE_LEN} 个字母、数字或连字符）"),
                    &format!(
                        "write a region's code, like 371524 (1 to {MAX_REGION_CODE_LEN} letters, digits and hyphens)"
                    ),
                );
                None
            }
        }
    }

    pub(super) fn regions(&mut self, key: &str, texts: &[String]) -> Vec<RegionCode> {
        texts
            .iter()
            .filter_map(|text| self.region(key, text))
            .collect()
    }

    pub(super) fn peer(&mut self, key: &str, raw: &RawPeer, is_encrypted: bool) -> Option<Peer> {
        let region = self.region(&format!("{key}.region"), &raw.region);
        if let Some(address) = &raw.address {
            let key = format!("{key}.address");
            if address.starts_with("https://") && !is_encrypted {
                self.advise(
                    &key,
                    address,
                    "要用 https，须在 [identity] folder 写明证书目录（见 liandong cert）",
                    "https needs certificates: name their folder as [identity] folder (see \
                     `liandong cert`)",
                );
            } else {
                self.address(&key, address, if is_encrypted { "https" } else { "http" });
            }
        }
        Some(Peer {
            region: region?,
            address: raw.address.clone(),
        })
    }

    /// The keys of all peers, wherever they stand.
    pub(super) fn keys<'a>(
        &mut self,
        parent: impl Iterator<Item = &'a RawPeer>,
        partners: &'a [RawPeer],
        listed: &BTreeMap<String, String>,
    ) -> BTreeMap<RegionCode, PublicKey> {
        let mut said: Vec<(String, &str, &str)> = Vec::new();
        let peers = parent.map(|peer| ("parent", peer));
        for (name, peer) in peers.chain(partners.iter().map(|peer| ("partner", peer))) {
            if let Some(key) = &peer.key {
                said.push((format!("{name}.key"), &peer.region, key));
            }
        }
        for (region, key) in listed {
            said.push((format!("link.keys.{region}"), region, key));
        }
        let mut keys = BTreeMap::new();
        for (name, region, text) in said {
            let region = self.region(&name, region);
            let Ok(key) = text.parse::<PublicKey>() else {
                self.advise(
                    &name,
                    text,
                    "写 ed25519: 加 64 位十六进制数，即对方 liandong link key 所显示的",
                    "write ed25519: and 64 hexadecimal digits, as the peer's `liandong link key` \
                     prints them",
                );
                continue;
            };
            let Some(region) = region else {
                continue;
            };
            if keys.insert(region, key).is_some_and(|before| before != key) {
                self.advise(
                    &name,
                    text,
                    "同一区域写了两个不同的公钥",
                    "two different keys are given for one region",
                );
            }
        }
        keys
    }

    pub(super) fn address(&mut self, key: &str, address: &str, scheme: &str) {
        let uri: Result<http::Uri, _> = address.parse();
        let usable =
            uri.is_ok_and(|uri| uri.scheme_str() == Some(scheme) && uri.authority().is_some());
        if !usable {
            self.advise(
                key,
                address,
                &format!("填 {scheme}://主机:端口"),
                &format!("write {scheme}://host:port"),
            );
        }
    }

    pub(super) fn range(&mut self, key: &str, value: u64, low: u64, high: u64) {
        if !(low..=high).contains(&value) {
            let bound = |bound: u64| i64::try_from(bound).unwrap_or(i64::MAX);
            self.add(key, value, Accepted::Range(bound(low), bound(high)));
        }
    }
}
