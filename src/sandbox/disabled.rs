//! The sandbox of a system that cannot supervise: it refuses.
//!
//! The same functions as elsewhere, so that who calls them need not know on which system it is. A request
//! goes in, and a record of a load that did not run comes out, with the reason. It must never load a
//! file.

use super::request::Request;
use crate::base::detonation::Detonation;

/// Why nothing is loaded here.
const REASON: &str = "dynamic loading is not supported on this system: static analysis only \
                      (it needs Linux on x86-64 or aarch64)";

/// What this system lacks: all of it.
pub fn missing() -> Vec<String> {
    vec![REASON.into()]
}

/// Says that nothing can be loaded here.
pub fn serve(request: &Request) -> Detonation {
    let path = request.path.to_string_lossy();
    Detonation::not_run(&path, request.mode, &request.loader, REASON)
}

fn refused() -> std::io::Error {
    std::io::Error::other(REASON)
}

/// For a program of ours that would be the one supervised.
pub mod guest {
    use std::fs::File;
    use std::io;

    /// There is no file to be loaded.
    ///
    /// # Errors
    /// Always: nobody supervises.
    pub fn file() -> io::Result<File> {
        Err(super::refused())
    }

    /// There is nobody who would see a sign.
    pub fn give_sign() {}
}

/// Planted things.
pub mod aquarium {
    use std::io;

    use crate::base::detonation::Effect;
    use crate::sandbox::request::Planted;

    /// Never made here.
    #[derive(Debug)]
    pub struct Aquarium {
        never: std::convert::Infallible,
    }

    impl Aquarium {
        /// Plants nothing.
        ///
        /// # Errors
        /// Always: nothing will be loaded that could touch them.
        pub fn plant(_: &Planted) -> io::Result<Self> {
            Err(super::refused())
        }

        /// What changed since.
        pub fn effects(&self) -> Vec<Effect> {
            match self.never {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::detonation::{Mode, Outcome};
    use crate::sandbox::{Limits, Planted, Program};

    #[test]
    fn nothing_is_loaded_and_the_reason_is_given() {
        let program = Program {
            executable: "/bin/true".into(),
            arguments: Vec::new(),
            environment: Vec::new(),
            readable: Vec::new(),
            strict: false,
        };
        let request = Request {
            path: "model.pkl".into(),
            mode: Mode::Policy,
            loader: "pickle.load".into(),
            program,
            limits: Limits::default(),
            planted: None,
            without_namespaces: false,
            ablation: None,
        };
        let detonation = serve(&request);
        assert_eq!(detonation.outcome, Outcome::NotRun);
        assert!(detonation.reason.unwrap().contains("not supported on this system"));
        assert_eq!((detonation.armed_events, detonation.events.len()), (0, 0));
        assert_eq!(missing(), [REASON]);
    }

    #[test]
    fn nothing_is_planted_and_no_file_is_handed_over() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("scene");
        let planted =
            Planted { directory: place.clone(), things: Vec::new(), listeners: Vec::new() };
        assert!(aquarium::Aquarium::plant(&planted).is_err());
        assert!(!place.exists());
        assert!(guest::file().unwrap_err().to_string().contains("not supported"));
    }
}
