//! Clients of clouds, each behind a cargo feature. Credentials come from the environment variables
//! that the cloud's own tools read; none is ever written.

#[cfg(any(feature = "s3", feature = "gcs", feature = "azure"))]
use object_store::multipart::MultipartStore;

use super::StoreError;
use super::address::Opened;

/// Opens an address of a cloud.
pub(super) fn open(url: &str, scheme: &str) -> Result<Opened, StoreError> {
    match scheme {
        "s3" | "s3a" => s3(url),
        "gs" => gcs(url),
        "az" | "azure" | "adl" | "abfs" | "abfss" => azure(url),
        _ => Err(StoreError::Url {
            url: url.to_owned(),
            message: format!("no backend is called {scheme:?}"),
        }),
    }
}

macro_rules! backend {
    ($function:ident, $feature:literal, $builder:path) => {
        #[cfg(feature = $feature)]
        fn $function(url: &str) -> Result<Opened, StoreError> {
            let objects = <$builder>::from_env().with_url(url).build();
            let objects = std::sync::Arc::new(objects.map_err(|error| wrong(url, error))?);
            let parts = Some(objects.clone() as std::sync::Arc<dyn MultipartStore>);
            Ok(Opened { objects, parts, prefix: prefix(url)?, folder: None })
        }

        #[cfg(not(feature = $feature))]
        fn $function(url: &str) -> Result<Opened, StoreError> {
            Err(StoreError::Feature { url: url.to_owned(), feature: $feature })
        }
    };
}

backend!(s3, "s3", object_store::aws::AmazonS3Builder);
backend!(gcs, "gcs", object_store::gcp::GoogleCloudStorageBuilder);
backend!(azure, "azure", object_store::azure::MicrosoftAzureBuilder);

/// What stands behind the bucket or container.
#[cfg(any(feature = "s3", feature = "gcs", feature = "azure"))]
fn prefix(url: &str) -> Result<object_store::path::Path, StoreError> {
    let (_, rest) = url.split_once("://").unwrap_or_default();
    let (_, path) = rest.split_once('/').unwrap_or_default();
    object_store::path::Path::parse(path.trim_matches('/')).map_err(|error| wrong(url, error))
}

#[cfg(any(feature = "s3", feature = "gcs", feature = "azure"))]
fn wrong(url: &str, error: impl std::fmt::Display) -> StoreError {
    StoreError::Url { url: url.to_owned(), message: error.to_string() }
}

/// The runtime of all clients. It stays until the program ends: ending it inside of another
/// program's runtime would panic.
#[cfg(any(feature = "s3", feature = "gcs", feature = "azure"))]
pub(super) fn runtime(url: &str) -> Result<&'static tokio::runtime::Runtime, StoreError> {
    static RUNTIME: std::sync::OnceLock<tokio::runtime::Runtime> = std::sync::OnceLock::new();
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| wrong(url, error))?;
    Ok(RUNTIME.get_or_init(|| runtime))
}
