//! A password of this moment.

use super::{Why, why::Kind};

/// A password that nobody can guess, and that the usual rules take.
///
/// # Errors
/// [`Why`] where the system has no randomness to give.
pub fn random() -> Result<String, Why> {
    let mut bytes = [0_u8; 16];
    let source = rustls::crypto::aws_lc_rs::default_provider().secure_random;
    source
        .fill(&mut bytes)
        .map_err(|_| Why::new(Kind::Answered, "the system has no random bytes"))?;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    // What rules for passwords ask for: both cases, a digit, and none of those.
    Ok(format!("Aa1-{hex}"))
}
