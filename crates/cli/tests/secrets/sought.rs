//! What is looked for: every form in which a secret may be seen.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use liandong_identity::Invitation;

/// Every form in which secrets may be seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Secrets(Arc<Mutex<BTreeSet<String>>>);

impl Secrets {
    pub(crate) fn add(&self, form: impl Into<Vec<u8>>) {
        let form = form.into();
        assert!(form.len() >= 16, "too short to be told from chance");
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(as_letters(&form).into_owned());
    }

    /// Bytes as they are, in hexadecimal digits, and as `Debug` lists them.
    pub(crate) fn add_bytes(&self, bytes: &[u8]) {
        self.add(bytes);
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        self.add(hex.to_uppercase());
        self.add(hex);
        let listed = format!("{bytes:?}");
        self.add(listed.trim_matches(['[', ']']));
    }

    /// A private key's file: its lines, what they hold, and the number that makes the key.
    pub(crate) fn add_key(&self, pem: &str) {
        let lines = pem.lines().filter(|line| !line.starts_with("-----"));
        for line in lines.clone().filter(|line| line.len() >= 16) {
            self.add(line);
        }
        let text: String = lines.collect();
        let der = base64(&text);
        self.add(der.clone());
        // ECPrivateKey: version 1, then the number as a string of 32 bytes.
        let begins = [2, 1, 1, 4, 32];
        let place = der.windows(5).position(|window| window == begins);
        let place = place.expect("a key on P-256") + 5;
        self.add_bytes(&der[place..place + 32]);
    }

    pub(crate) fn add_invitation(&self, text: &str) {
        // What stands before the secret, the address and the identity, is none.
        self.add(&text[text.len() - 20..]);
        let invitation: Invitation = text.parse().expect("an invitation");
        self.add_bytes(&invitation.secret.0);
    }

    /// The place of a secret in something.
    pub(crate) fn seen_in(&self, text: &[u8]) -> Option<usize> {
        let text = as_letters(text);
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().find_map(|form| text.find(form.as_str()))
    }

    pub(crate) fn assert_unseen(&self, what: &str, text: &[u8]) {
        if let Some(place) = self.seen_in(text) {
            let text = as_letters(text);
            let before: Vec<char> = text[..place].chars().rev().take(120).collect();
            let before: String = before.into_iter().rev().collect();
            panic!("{what} shows a secret after {before:?}");
        }
    }
}

/// A letter for each byte, so that what is no text can be searched as quickly as text is.
pub(crate) fn as_letters(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if bytes.is_ascii() => Cow::Borrowed(text),
        _ => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    }
}

/// Reads base64 of the usual alphabet.
pub(crate) fn base64(text: &str) -> Vec<u8> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    let (mut held, mut bits) = (0_u32, 0);
    for letter in text.bytes().filter(|letter| *letter != b'=') {
        let value = alphabet.iter().position(|known| *known == letter);
        held = held << 6 | u32::try_from(value.expect("base64")).expect("six bits");
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).expect("eight bits"));
        }
    }
    bytes
}
