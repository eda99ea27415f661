//! What signing costs: the root over a batch of figures, its signature, and the check of both.

use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use liandong_core::document::CellDocument;
use liandong_core::evidence::Digest;
use liandong_core::identity::{Identity, Role, TrustDomain};
use liandong_core::region::RegionCode;
use liandong_core::seal::{Fit, Seal};
use liandong_identity::{
    Attestation, Authority, Certificate, Domain, Grant, Key, Purpose, Request, Trust,
};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Figures of a region with whoever seals them and whoever believes that.
#[derive(Debug)]
pub struct Sealing {
    figures: Vec<CellDocument>,
    seal: Seal,
    key: Key,
    certificate: Certificate,
    trust: Trust,
    given: Attestation,
    at: Timestamp,
}

impl Sealing {
    /// Seals these figures of a region by a certificate of its own.
    ///
    /// # Errors
    /// When there are none, or a certificate cannot be made.
    pub fn new(region: RegionCode, figures: Vec<CellDocument>) -> Result<Self> {
        let at = Timestamp::now();
        let domain: TrustDomain = "shandong.example".parse()?;
        let until = at + 90 * DAY;
        let authority = Authority::create(domain.clone(), serial(1), at - DAY, until + DAY)?;
        let key = Key::generate()?;
        let grant = Grant {
            identity: Identity {
                domain: domain.clone(),
                region,
                role: Role::Node,
            },
            names: Vec::new(),
            serial: serial(2),
            from: at - DAY,
            until,
        };
        let certificate = authority.issue(&Request::of(&key)?, &grant)?;
        let trust = Trust::new(vec![Domain::new(domain, &authority.root_pem(), None)?])?;
        let seal = Seal::of(figures.clone()).context("no figures")?;
        let given = Attestation::give(&key, Purpose::Figure, &seal.root, at)?;
        Ok(Self {
            figures,
            seal,
            key,
            certificate,
            trust,
            given,
            at,
        })
    }

    /// The figures; whoever adds them up needs some of their own.
    pub fn figures(&self) -> Vec<CellDocument> {
        self.figures.clone()
    }

    /// The root over figures; `None` over none.
    pub fn root(figures: Vec<CellDocument>) -> Option<Digest> {
        Seal::of(figures).map(|seal| seal.root)
    }

    /// Whether figures are those that were sealed.
    pub fn fits(&self, figures: Vec<CellDocument>) -> bool {
        self.seal.fit(figures) == Fit::Fits
    }

    /// Signs the root.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn sign(&self) -> Result<Attestation> {
        let root = &self.seal.root;
        Ok(Attestation::give(
            &self.key,
            Purpose::Figure,
            root,
            self.at,
        )?)
    }

    /// Checks the signature of the root and the certificate that it was given with.
    ///
    /// # Errors
    /// When it is not believed.
    pub fn check(&self) -> Result<Identity> {
        let (purpose, root) = (Purpose::Figure, &self.seal.root);
        let trust = &self.trust;
        Ok(trust.attested(&self.certificate, &[], purpose, root, &self.given)?)
    }
}

fn serial(number: u128) -> [u8; 16] {
    number.to_be_bytes()
}
