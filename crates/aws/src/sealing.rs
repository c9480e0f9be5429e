//! A secret that finds a row by its hash and opens what lies there. The ledger alone, without the secret, opens nothing.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    digest::{SHA256, digest},
    error::Unspecified,
    hkdf::{HKDF_SHA256, Salt},
    rand,
};
use failover::Error;

/// How many bytes a secret has: nobody finds one by trying.
const BYTES: usize = 32;
/// What the key of this use is derived for, so that it tells nothing of the hash that finds the row.
const USE: &[&[u8]] = &[b"aurora-failover: a question and its task token"];

/// A link's secret.
pub(crate) struct Secret([u8; BYTES]);

impl Secret {
    /// A new one.
    pub(crate) fn new() -> Result<Self, Error> {
        let mut bytes = [0; BYTES];
        rand::fill(&mut bytes).map_err(|Unspecified| not_sealed())?;
        Ok(Self(bytes))
    }

    /// One as it stands in a link.
    pub(crate) fn read(text: &str) -> Option<Self> {
        Some(Self(bytes_of(text)?.try_into().ok()?))
    }

    /// As it stands in a link.
    pub(crate) fn text(&self) -> String {
        hex(&self.0)
    }

    /// What finds the row: the secret does not follow from it.
    pub(crate) fn fingerprint(&self) -> String {
        hex(digest(&SHA256, &self.0).as_ref())
    }

    /// Seals a text, so that this secret alone opens it, and nobody changes it unseen.
    pub(crate) fn seal(&self, text: String) -> Result<String, Error> {
        let mut sealed = text.into_bytes();
        let nonce = self
            .key()
            .and_then(|key| key.seal_in_place_append_tag(Aad::empty(), &mut sealed))
            .map_err(|Unspecified| not_sealed())?;
        Ok(hex(nonce.as_ref()) + &hex(&sealed))
    }

    /// Opens what was sealed by this secret; `None` of anything else.
    pub(crate) fn open(&self, sealed: &str) -> Option<Vec<u8>> {
        let mut sealed = bytes_of(sealed)?;
        let (nonce, text) = sealed.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let text = self.key().ok()?.open_in_place(nonce, Aad::empty(), text);
        text.ok().map(|text| text.to_vec())
    }

    fn key(&self) -> Result<RandomizedNonceKey, Unspecified> {
        let mut key = [0; BYTES];
        let derived = Salt::new(HKDF_SHA256, &[]).extract(&self.0);
        derived.expand(USE, HKDF_SHA256)?.fill(&mut key)?;
        RandomizedNonceKey::new(&AES_256_GCM, &key)
    }
}

fn not_sealed() -> Error {
    Error::NotReady("a question could not be sealed".into())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    if !hex.is_ascii() || hex.len() % 2 == 1 {
        return None;
    }
    let pairs = (0..hex.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_in_a_link_opens_what_was_sealed_by_it_and_another_one_nothing() {
        let secret = Secret::new().unwrap();
        let sealed = secret.seal("the token".into()).unwrap();
        let read = Secret::read(&secret.text()).unwrap();
        assert_eq!(read.open(&sealed).as_deref(), Some(&b"the token"[..]));
        assert_eq!(read.fingerprint(), secret.fingerprint());
        let other = Secret::new().unwrap();
        assert_eq!(other.open(&sealed), None);
        assert_ne!(other.fingerprint(), secret.fingerprint());
    }

    #[test]
    fn neither_the_row_nor_what_finds_it_tells_the_secret_or_the_text() {
        let secret = Secret::new().unwrap();
        let sealed = secret.seal("the token".into()).unwrap();
        for kept in [&sealed, &secret.fingerprint()] {
            assert!(!kept.contains(&secret.text()));
            assert!(!kept.contains(&hex(b"the token")));
        }
        let by_hash = Secret::read(&secret.fingerprint()).unwrap();
        assert_eq!(by_hash.open(&sealed), None);
        // Sealed once more it is another text: what lies there tells nothing of what is the same.
        assert_ne!(secret.seal("the token".into()).unwrap(), sealed);
    }

    #[test]
    fn whatever_was_changed_opens_no_more() {
        let secret = Secret::new().unwrap();
        let sealed = secret.seal("the token".into()).unwrap();
        for at in 0..sealed.len() {
            let digit = if sealed.as_bytes()[at] == b'0' {
                "1"
            } else {
                "0"
            };
            let mut changed = sealed.clone();
            changed.replace_range(at..=at, digit);
            assert_eq!(secret.open(&changed), None, "at {at}");
        }
        for wrong in ["", "0", "zz", "äö", &sealed[..20], &sealed[2..]] {
            assert_eq!(secret.open(wrong), None, "{wrong}");
        }
        assert!(Secret::read("00").is_none() && Secret::read(&"zz".repeat(BYTES)).is_none());
    }
}
