//! Arguments of the commands that really load files.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::attacks::registry::{ATTACKS, find};
use crate::attacks::{Attack, Loader};
use crate::peers::python::Choice;

/// Arguments of `detonate`.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Needs Linux 5.13 or newer with seccomp and Landlock; without them nothing is loaded. Exit \
                  codes: 0 loaded under supervision, whatever it tried, 1 nothing was loaded, 2 wrong usage, \
                  3 this system cannot supervise."
)]
pub struct DetonateArguments {
    /// The file; what loads it is told by its content, not by its name
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Load it with this loader of Python, whatever its content
    #[arg(long, value_enum, value_name = "LOADER")]
    pub loader: Option<LoaderName>,
    /// The Python that loads: auto takes one that has the packages, else python3; or the path of an
    /// interpreter
    #[arg(long, value_name = "auto|PATH", default_value = "auto")]
    pub python: Choice,
    /// Seconds after which the load is ended
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub timeout: u64,
    /// Seconds of processor time after which a process of the load is ended
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub cpu: u64,
    /// Address space of a process of the load, in MiB; libraries count
    #[arg(long, value_name = "MIB", default_value_t = 8192, value_parser = clap::value_parser!(u64).range(256..=1_048_576))]
    pub memory: u64,
    /// Processes that the load may make, so that it is seen what they would do; the next ones fail
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(0..=64))]
    pub processes: u32,
    /// Most attempts of one kind that are listed; all are counted
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub list: u64,
    /// Leave the namespaces out, as on a system without them; seccomp and Landlock stay
    #[arg(long)]
    pub without_namespaces: bool,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Names of [`Loader`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LoaderName {
    /// pickle.load
    Pickle,
    /// joblib.load
    Joblib,
    /// numpy.load with allow_pickle
    Numpy,
    /// data.pkl of a zip archive, as torch.load does it
    TorchZip,
}

impl From<LoaderName> for Loader {
    fn from(name: LoaderName) -> Loader {
        match name {
            LoaderName::Pickle => Loader::Pickle,
            LoaderName::Joblib => Loader::Joblib,
            LoaderName::Numpy => Loader::Numpy,
            LoaderName::TorchZip => Loader::TorchZip,
        }
    }
}

/// Arguments of `demo`.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "The files only touch what is planted for them. Exit codes: 0 every attack was stopped, and \
                  seen as it must be, 1 one was not or could not be tried, 2 wrong usage, 3 this system \
                  cannot supervise."
)]
pub struct DemoArguments {
    /// Only this attack; repeat for more (default: all)
    #[arg(long = "attack", value_name = "ID", value_parser = attack)]
    pub attacks: Vec<AttackArgument>,
    /// A pickle or joblib model of yours: one that you trust, since it is loaded without
    /// restraint in the aquarium; copies of it that carry a payload are made in a temporary
    /// directory and loaded (the attacks are then left out, unless --attack names some)
    #[arg(long, value_name = "FILE")]
    pub carrier: Option<PathBuf>,
    /// Build each file for every loader of Python that it fits, not for the first alone
    #[arg(long)]
    pub every_loader: bool,
    /// The Python that loads: auto finds one or makes an environment for it; off leaves its files
    /// out; or the path of an interpreter
    #[arg(long, value_name = "auto|off|PATH", default_value = "auto")]
    pub python: Choice,
    /// Leave the namespaces out, as on a system without them, and with them the aquarium
    #[arg(long)]
    pub without_namespaces: bool,
    /// Write the record, demo.json, to this directory
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// List the attacks and try none
    #[arg(long)]
    pub list: bool,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// An attack that was named on the command line.
#[derive(Clone, Copy)]
pub struct AttackArgument(pub &'static Attack);

impl std::fmt::Debug for AttackArgument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.id)
    }
}

fn attack(id: &str) -> Result<AttackArgument, String> {
    find(id).map(AttackArgument).ok_or_else(|| {
        let near = ATTACKS.iter().map(|attack| attack.id);
        let near = near.max_by(|a, b| strsim::jaro(a, id).total_cmp(&strsim::jaro(b, id)));
        let guess = near.map(|near| format!("; did you mean \"{near}\"?")).unwrap_or_default();
        format!("there is no attack of this name{guess} (demo --list shows all)")
    })
}
