//! The drill's certificate authority. Its key never leaves memory; only the authority's certificate is written, for
//! clients to trust. Everything is made for one run and expires within days.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::{ToSpan, Zoned, civil::Date, tz::TimeZone};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs::default_provider,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

/// Days until a certificate expires.
const DAYS_VALID: i32 = 7;

/// Why a certificate could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The authority's certificate could not be written.
    #[error("the authority's certificate could not be written to {path}")]
    Write {
        /// Where it was to be written.
        path: PathBuf,
        /// Why it was not.
        source: io::Error,
    },
    /// A certificate could not be made, for example because a name is no DNS name.
    #[error("a certificate could not be made")]
    Make(#[from] rcgen::Error),
    /// TLS refused a certificate.
    #[error("TLS refused the certificate")]
    Tls(#[from] rustls::Error),
    /// The calendar ends.
    #[error("the validity has no date")]
    Date(#[from] jiff::Error),
}

/// A certificate authority for the drill's database endpoints.
pub struct Certificates {
    issuer: Issuer<'static, KeyPair>,
    bundle: PathBuf,
}

impl Certificates {
    /// Makes a new authority and writes its certificate to `ca.pem` in `folder`.
    pub fn create(folder: &Path) -> Result<Self, CertificateError> {
        let mut params = params(&[], "aurora-failover drill authority")?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        let bundle = folder.join("ca.pem");
        let written =
            fs::create_dir_all(folder).and_then(|()| fs::write(&bundle, certificate.pem()));
        written.map_err(|source| CertificateError::Write {
            path: bundle.clone(),
            source,
        })?;
        Ok(Self {
            issuer: Issuer::new(params, key),
            bundle,
        })
    }

    /// The file that clients trust: the authority's certificate in PEM.
    pub fn bundle(&self) -> &Path {
        &self.bundle
    }

    /// TLS for a server that answers to `names`, with a fresh key that stays in memory.
    pub fn server(&self, names: &[&str]) -> Result<Arc<ServerConfig>, CertificateError> {
        let mut params = params(names, "aurora-failover drill member")?;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)?;
        Ok(Arc::new(config))
    }
}

fn params(names: &[&str], common_name: &str) -> Result<CertificateParams, CertificateError> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names)?;
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    let midnight = |date: Date| {
        rcgen::date_time_ymd(
            date.year().into(),
            date.month().unsigned_abs(),
            date.day().unsigned_abs(),
        )
    };
    let today = Zoned::now().with_time_zone(TimeZone::UTC).date();
    params.not_before = midnight(today.checked_sub(1.day())?);
    params.not_after = midnight(today.checked_add(DAYS_VALID.days())?);
    Ok(params)
}

#[cfg(test)]
mod tests {
    use rustls::{
        ClientConfig, RootCertStore,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    };
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio_rustls::{TlsAcceptor, TlsConnector};

    use super::*;

    /// Whether a client that trusts `bundle` accepts `server` as `name`.
    async fn accepts(bundle: &Path, server: Arc<ServerConfig>, name: &'static str) -> bool {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_file(bundle).unwrap())
            .unwrap();
        let client = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let (near, far) = tokio::io::duplex(16 * 1024);
        let serving = tokio::spawn(async move {
            let mut stream = TlsAcceptor::from(server).accept(far).await?;
            stream.write_all(b"x").await?;
            stream.shutdown().await
        });
        let connector = TlsConnector::from(Arc::new(client));
        let connected = connector
            .connect(ServerName::try_from(name).unwrap(), near)
            .await;
        let Ok(mut stream) = connected else {
            return false;
        };
        let mut received = Vec::new();
        stream.read_to_end(&mut received).await.unwrap();
        serving.await.unwrap().unwrap();
        received == b"x"
    }

    const WRITER: &str = "orders-west.cluster-c0example.us-west-2.rds.amazonaws.com";

    #[tokio::test]
    async fn a_server_is_accepted_under_its_names_only_and_by_its_authority_only() {
        let folder = tempfile::tempdir().unwrap();
        let ours = Certificates::create(&folder.path().join("certificates")).unwrap();
        let others = Certificates::create(&folder.path().join("others")).unwrap();
        let server = ours.server(&[WRITER, "writer.orders.internal"]).unwrap();
        assert!(accepts(ours.bundle(), server.clone(), WRITER).await);
        assert!(accepts(ours.bundle(), server.clone(), "writer.orders.internal").await);
        assert!(!accepts(ours.bundle(), server.clone(), "reader.orders.internal").await);
        assert!(!accepts(others.bundle(), server, WRITER).await);
    }

    #[test]
    fn no_key_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let certificates = Certificates::create(folder.path()).unwrap();
        certificates.server(&[WRITER]).unwrap();
        let files: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        assert_eq!(files, [certificates.bundle()]);
        assert!(
            !fs::read_to_string(certificates.bundle())
                .unwrap()
                .contains("PRIVATE")
        );
    }
}
