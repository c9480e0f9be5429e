//! Refusals with the codes, HTTP statuses and texts that EC2 sends.
//!
//! Codes are those of EC2's page of error codes. Where that page leaves a situation open, the nearest code was taken, and such
//! constructors say **[U]**: unverified.

/// A refused call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Fault {
    /// The HTTP status of the answer.
    pub status: u16,
    /// The code, e.g. `InvalidVolume.NotFound`.
    pub code: String,
    /// What EC2 says about it.
    pub message: String,
}

impl Fault {
    /// Any refusal, for troubles that are planted.
    pub fn new(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
        }
    }

    fn refused(code: &str, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    /// The body could not be read.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::refused("MalformedQueryString", message)
    }

    /// EC2 failed after it had begun, or before: nobody can tell from the answer.
    pub fn internal_error() -> Self {
        Self::new(500, "InternalError", "An internal error has occurred")
    }

    /// The operation does not exist, or is not simulated.
    pub fn invalid_action(action: &str) -> Self {
        Self::refused(
            "InvalidAction",
            format!("The action {action} is not valid for this web service."),
        )
    }

    /// The request names no Region because it is not signed.
    pub fn unsigned() -> Self {
        Self::new(
            401,
            "AuthFailure",
            "AWS was not able to validate the provided access credentials",
        )
    }

    /// The call would have succeeded, had it not been a try.
    pub fn dry_run() -> Self {
        Self::new(
            412,
            "DryRunOperation",
            "Request would have succeeded, but DryRun flag is set.",
        )
    }

    /// A required parameter is absent.
    pub fn missing(name: &str) -> Self {
        Self::refused(
            "MissingParameter",
            format!("The request must contain the parameter {name}"),
        )
    }

    /// The operation has no such parameter, or this simulator does not know it.
    pub fn unknown_parameter(name: &str) -> Self {
        Self::refused(
            "UnknownParameter",
            format!("The parameter {name} is not recognized"),
        )
    }

    /// A parameter's value is not acceptable.
    pub fn invalid_value(message: impl Into<String>) -> Self {
        Self::refused("InvalidParameterValue", message)
    }

    /// Parameters exclude each other, or need each other.
    pub fn invalid_combination(message: impl Into<String>) -> Self {
        Self::refused("InvalidParameterCombination", message)
    }

    /// A client token was used before for something else.
    pub fn token_mismatch() -> Self {
        Self::refused(
            "IdempotentParameterMismatch",
            "The client token has already been used with other parameters.",
        )
    }

    /// No such thing: the code's beginning, the thing's noun, its id.
    pub fn not_found(kind: &str, noun: &str, id: &str) -> Self {
        Self::refused(
            &format!("{kind}.NotFound"),
            format!("The {noun} '{id}' does not exist"),
        )
    }

    /// No such instance.
    pub fn instance_not_found(id: &str) -> Self {
        Self::not_found("InvalidInstanceID", "instance ID", id)
    }

    /// No such volume.
    pub fn volume_not_found(id: &str) -> Self {
        Self::not_found("InvalidVolume", "volume", id)
    }

    /// No such snapshot.
    pub fn snapshot_not_found(id: &str) -> Self {
        Self::not_found("InvalidSnapshot", "snapshot", id)
    }

    /// The instance's state does not allow the call.
    pub fn instance_state(message: impl Into<String>) -> Self {
        Self::refused("IncorrectInstanceState", message)
    }

    /// The volume's, snapshot's or attachment's state does not allow the call.
    pub fn state(message: impl Into<String>) -> Self {
        Self::refused("IncorrectState", message)
    }

    /// The volume is attached.
    pub fn volume_in_use(message: impl Into<String>) -> Self {
        Self::refused("VolumeInUse", message)
    }

    /// The volume and the instance are in different zones.
    pub fn zone_mismatch(volume: &str, instance: &str) -> Self {
        Self::refused(
            "InvalidVolume.ZoneMismatch",
            format!(
                "The volume '{volume}' is not in the same availability zone as instance '{instance}'"
            ),
        )
    }

    /// The instance has as many volumes as it may.
    pub fn attachment_limit(instance: &str, most: usize) -> Self {
        Self::refused(
            "AttachmentLimitExceeded",
            format!("The instance '{instance}' cannot have more than {most} volumes attached"),
        )
    }

    /// A protection or a rule forbids it. That stop protection has this code is **[U]**.
    pub fn not_permitted(message: impl Into<String>) -> Self {
        Self::refused("OperationNotPermitted", message)
    }

    /// The kind of instance cannot do that.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::refused("UnsupportedOperation", message)
    }

    /// The zone has no room for the instance: a server's error, which clients repeat by themselves.
    pub fn no_capacity(zone: &str, instance_type: &str) -> Self {
        Self::new(
            500,
            "InsufficientInstanceCapacity",
            format!(
                "We currently do not have sufficient {instance_type} capacity in the Availability Zone you requested ({zone})."
            ),
        )
    }

    /// More copies are under way into a Region than may be.
    pub fn too_many_copies(most: usize) -> Self {
        Self::refused(
            "ResourceLimitExceeded",
            format!(
                "Too many snapshot copies in progress. The limit is {most} for this destination region."
            ),
        )
    }

    /// Rates of initialisation in a Region would be more than they may be in sum. The code is **[U]**.
    pub fn initialization_rates(most_mib: u64) -> Self {
        Self::refused(
            "ResourceLimitExceeded",
            format!(
                "The cumulative volume initialization rate cannot exceed {most_mib} MiB/s in this Region."
            ),
        )
    }

    /// A snapshot of the volume was made too short a time ago.
    pub fn snapshot_rate(volume: &str) -> Self {
        Self::refused(
            "SnapshotCreationPerVolumeRateExceeded",
            format!(
                "The maximum per volume CreateSnapshot request rate has been exceeded for {volume}."
            ),
        )
    }

    /// Too many snapshots of the volume are pending.
    pub fn concurrent_snapshots(volume: &str) -> Self {
        Self::refused(
            "ConcurrentSnapshotLimitExceeded",
            format!(
                "You have exceeded the limit of concurrent snapshots of the volume '{volume}'."
            ),
        )
    }

    /// A Region that a call needs besides its own does not answer. The code is **[U]**.
    pub fn region_away(region: &str) -> Self {
        Self::new(
            503,
            "Unavailable",
            format!("The source Region {region} is not available."),
        )
    }
}
