//! What can be typed. The names are fixed, since other people script against them.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use super::hostile::HostileArguments;
use super::sandbox_arguments::{DemoArguments, DetonateArguments};
use super::store::StoreArguments;
use crate::base::Content;
use crate::bench::plan::Profile;
use crate::bench::protocol::Injected;
use crate::formats::{Format, registry};
use crate::models::recipes::{self, Recipe, Size};
use crate::payloads::{Payload, registry as payloads};
use crate::peers::python::Choice;
use crate::peers::recipes::{self as peers, PeerRecipe};

/// Measures how fast, how small and how frugal formats store a trained model. Without a command: run.
#[derive(Debug, Parser)]
#[command(
    name = "deadweight",
    version,
    max_term_width = 100,
    args_conflicts_with_subcommands = true,
    after_help = "Exit codes: 0 done, 1 the job could not be done, 2 wrong usage, 3 not supported on this system, 12 slower than the baseline (bench --fail-on-slower), 13 not promoted (store promote)."
)]
pub struct Arguments {
    /// The arguments of `run`, which is what happens without a command.
    #[command(flatten)]
    pub run: RunArguments,
    /// The command.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train the models once, measure every format on them, write the report (the default)
    Run(RunArguments),
    /// Train models into the cache
    Train(TrainArguments),
    /// Measure formats on trained models, or on a model file of yours
    Bench(BenchArguments),
    /// List the formats and what is known against each
    Formats(FormatsArguments),
    /// Say what a model file holds
    Inspect(InspectArguments),
    /// Predict the rows of a .npy or .csv file
    Predict(PredictArguments),
    /// Store the same model in another format
    Convert(ConvertArguments),
    /// Load a file for real, under supervision, and tell what it tried
    Detonate(DetonateArguments),
    /// Load hostile files for real: let loose in an aquarium, and stopped under supervision
    Demo(DemoArguments),
    /// Load changed files and files of other versions with every loader, and tell how that ends
    Hostile(HostileArguments),
    /// Keep versions of models: put, find, check, promote and roll back
    Store(StoreArguments),
    /// Make the report again from the last record, without measuring
    Report(ReportArguments),
    /// Print completions for a shell
    Completions(CompletionsArguments),
    /// The process that measures or supervises; started by other commands
    #[command(hide = true)]
    Helper(HelperArguments),
}

/// Arguments of `run`.
#[derive(Debug, Clone, Args)]
pub struct RunArguments {
    /// How thorough: minutes, a quarter of an hour, or hours
    #[arg(long, value_enum, default_value_t = ProfileName::Quick)]
    pub profile: ProfileName,
    /// Seed of the order of the rounds and of the intervals
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The Python that measures pickle and joblib beside the formats: auto finds one or makes an
    /// environment for it; off leaves it out; or the path of an interpreter
    #[arg(long, value_name = "auto|off|PATH", default_value = "auto")]
    pub python: Choice,
    /// Directory of the report and its records
    #[arg(long, value_name = "DIR", default_value = "reports")]
    pub out: PathBuf,
}

/// Arguments of `helper`.
#[derive(Debug, Clone, Copy, Args)]
pub struct HelperArguments {
    /// What the process is for
    #[arg(value_enum, default_value_t = HelperRole::Measure)]
    pub role: HelperRole,
}

/// What a helper process is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum HelperRole {
    /// Do the job of a run's.
    Measure,
    /// Supervise one load.
    Load,
    /// Decode descriptor 3 with a format of ours, under supervision.
    Decode,
    /// Load changed files under limits.
    Hostile,
}

/// Arguments of `train`.
#[derive(Debug, Clone, Args)]
pub struct TrainArguments {
    /// Only this model; repeat for more (default: all)
    #[arg(long = "model", value_name = "KIND", value_parser = model)]
    pub models: Vec<&'static Recipe>,
    /// Only this size: S is a classic tutorial, M about 10 MB, L about 100 MB (default: S and M)
    #[arg(long, value_parser = size)]
    pub size: Option<Size>,
    /// Train anew what is in the cache already
    #[arg(long)]
    pub force: bool,
}

/// Arguments of `bench`.
#[derive(Debug, Clone, Args)]
pub struct BenchArguments {
    /// Files of yours: models in any format that is read, or data in .npy, .csv or Parquet
    /// (default: the trained models)
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Whether the first line of a .csv is the names of its columns (auto: when it has no number)
    #[arg(long, value_enum, default_value_t = Header::Auto)]
    pub header: Header,
    /// What a pickle or joblib file needs beside itself.
    #[command(flatten)]
    pub pickle: PickleArguments,
    /// A trained model to measure on, or one that scikit-learn trains, with its size and --python:
    /// sklearn_random_forest-l; repeat for more
    #[arg(long = "model", value_name = "KIND", value_parser = any_model)]
    pub models: Vec<ModelArgument>,
    /// A built-in payload of numbers that are no model; repeat for more
    #[arg(long = "payload", value_name = "ID", value_parser = payload_parser())]
    pub payloads: Vec<&'static Payload>,
    /// Only this size of trained models (default: S and M)
    #[arg(long, value_parser = size)]
    pub size: Option<Size>,
    /// Only this format; repeat for more (default: all)
    #[arg(long = "format", value_name = "ID", value_parser = format)]
    pub formats: Vec<FormatArgument>,
    /// How thorough: minutes, a quarter of an hour, or hours
    #[arg(long, value_enum, default_value_t = ProfileName::Quick)]
    pub profile: ProfileName,
    /// Seed of the order of the rounds and of the intervals
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Measure pickle, joblib and others in Python on the same arrays: auto, off, or the path of an
    /// interpreter
    #[arg(long, value_name = "auto|off|PATH", default_value = "off")]
    pub python: Choice,
    /// Write the report and its records to this directory
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Compare the tight loops with what criterion left in this directory: target/criterion, after
    /// `cargo bench`; profiles standard and thorough have such loops
    #[arg(long, value_name = "DIR")]
    pub criterion: Option<PathBuf>,
    /// Keep the result under this name, to compare with later
    #[arg(long, value_name = "NAME", value_parser = baseline_name)]
    pub save_baseline: Option<String>,
    /// Compare with the result kept under this name
    #[arg(long, value_name = "NAME", value_parser = baseline_name)]
    pub baseline: Option<String>,
    /// With --baseline: end with code 12 when a format got slower by more than chance explains
    #[arg(long, requires = "baseline")]
    pub fail_on_slower: bool,
    /// Slow a format down on purpose, to see that a comparison finds it: postcard=1.15
    #[arg(long, value_name = "ID=FACTOR", value_parser = inject)]
    pub inject: Option<Injected>,
    /// Print the record as JSON instead of tables
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `formats`.
#[derive(Debug, Clone, Args)]
pub struct FormatsArguments {
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// How one pickle or joblib file is to be read.
#[derive(Debug, Clone, Default, Args)]
pub struct PickleArguments {
    /// Of several models in a pickle or joblib file the one at this path (`inspect` lists them)
    #[arg(long, value_name = "PATH")]
    pub select: Option<String>,
    /// The out-of-band buffers of a protocol 5 pickle, a file each, in the order in which
    /// `buffer_callback` was given them; repeat for more
    #[arg(long = "buffer", value_name = "FILE")]
    pub buffers: Vec<PathBuf>,
}

impl PickleArguments {
    /// The first option that was given, if any was.
    pub fn given(&self) -> Option<&'static str> {
        let select = self.select.as_ref().map(|_| "--select");
        select.or((!self.buffers.is_empty()).then_some("--buffer"))
    }
}

/// Arguments of `inspect`.
#[derive(Debug, Clone, Args)]
pub struct InspectArguments {
    /// The model file; its content says what it is, not its name
    pub file: PathBuf,
    /// What a pickle or joblib file needs beside itself.
    #[command(flatten)]
    pub pickle: PickleArguments,
    /// Look at every element of the model, and fail when one is wrong
    #[arg(long)]
    pub validate: bool,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `predict`.
#[derive(Debug, Clone, Args)]
pub struct PredictArguments {
    /// The model file; its content says what it is, not its name
    pub file: PathBuf,
    /// Rows to predict: a .npy of numbers or texts, or a .csv with or without a header
    #[arg(long, value_name = "X.npy|X.csv")]
    pub input: PathBuf,
    /// What a pickle or joblib file needs beside itself.
    #[command(flatten)]
    pub pickle: PickleArguments,
    /// Whether the first line of a .csv is the names of its columns (auto: when it has no number)
    #[arg(long, value_enum, default_value_t = Header::Auto)]
    pub header: Header,
    /// What to ask the model for
    #[arg(long, value_enum, default_value_t = Method::Predict)]
    pub method: Method,
    /// Where to: the extension says .npy or .csv; - prints one value or row a line
    #[arg(long, value_name = "Y.npy|Y.csv|-", default_value = "-")]
    pub output: PathBuf,
    /// Overwrite the output if it exists
    #[arg(long)]
    pub force: bool,
}

/// Arguments of `convert`.
#[derive(Debug, Clone, Args)]
pub struct ConvertArguments {
    /// The model file, or a folder of them; content says what a file is, not its name
    #[arg(value_name = "IN")]
    pub input: PathBuf,
    /// The file to write, or the folder
    #[arg(value_name = "OUT")]
    pub output: PathBuf,
    /// Its format (default: the one whose files have the extension of OUT; safetensors for a folder)
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    pub to: Option<FormatArgument>,
    /// What a pickle or joblib file needs beside itself.
    #[command(flatten)]
    pub pickle: PickleArguments,
    /// How much to keep: all that IN holds, or what prediction needs (default: full)
    #[arg(long, value_enum)]
    pub content: Option<ContentName>,
    /// Put a checksum around OUT, so that any change of it is noticed; only deadweight reads it then
    #[arg(long)]
    pub seal: bool,
    /// Overwrite OUT even if deadweight did not write it
    #[arg(long)]
    pub force: bool,
}

/// Arguments of `report`.
#[derive(Debug, Clone, Args)]
pub struct ReportArguments {
    /// Directory that holds bench.json and receives the report
    #[arg(long, value_name = "DIR", default_value = "reports")]
    pub out: PathBuf,
    /// Put what criterion left in this directory (target/criterion, after `cargo bench`) into
    /// bench.json, and compare it with the tight loops there
    #[arg(long, value_name = "DIR")]
    pub criterion: Option<PathBuf>,
    /// Compare two records instead, and write compare.html to --out: what changed by more than chance
    /// explains, with both distributions
    #[arg(long, num_args = 2, value_names = ["OLD.json", "NEW.json"], conflicts_with = "criterion")]
    pub compare: Vec<PathBuf>,
}

/// Arguments of `completions`.
#[derive(Debug, Clone, Args)]
pub struct CompletionsArguments {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// Names of [`Profile`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProfileName {
    /// A first honest answer in about three minutes
    Quick,
    /// The same in more processes and rounds, in about twelve minutes; every operation on two forests
    Standard,
    /// Every format and operation on every model, for hours
    Thorough,
}

impl From<ProfileName> for Profile {
    fn from(name: ProfileName) -> Profile {
        match name {
            ProfileName::Quick => Profile::Quick,
            ProfileName::Standard => Profile::Standard,
            ProfileName::Thorough => Profile::Thorough,
        }
    }
}

/// Whether the first line of a `.csv` is the names of its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Header {
    /// When it has no number
    Auto,
    /// It is
    Yes,
    /// It is a row
    No,
}

impl From<Header> for crate::tables::csv::Header {
    fn from(header: Header) -> Self {
        match header {
            Header::Auto => Self::Auto,
            Header::Yes => Self::Yes,
            Header::No => Self::No,
        }
    }
}

/// What a model can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Method {
    /// A label or value a row
    Predict,
    /// The probability of each class, in the order of the array `classes`
    PredictProba,
    /// Decision values
    DecisionFunction,
    /// The features that a transformer makes
    Transform,
}

/// Names of [`Content`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ContentName {
    /// Everything that the input holds
    Full,
    /// What prediction needs
    Predict,
}

impl From<ContentName> for Content {
    fn from(name: ContentName) -> Content {
        match name {
            ContentName::Full => Content::Full,
            ContentName::Predict => Content::Predict,
        }
    }
}

/// A format that was named on the command line.
#[derive(Clone, Copy)]
pub struct FormatArgument(pub &'static dyn Format);

impl std::fmt::Debug for FormatArgument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.descriptor().id)
    }
}

pub(super) fn format(id: &str) -> Result<FormatArgument, String> {
    registry::find(id).map(FormatArgument).ok_or_else(|| registry::unknown(id))
}

fn model(id: &str) -> Result<&'static Recipe, String> {
    recipes::find(id).ok_or_else(|| recipes::unknown(id))
}

/// A model that was named on the command line.
#[derive(Debug, Clone, Copy)]
pub enum ModelArgument {
    /// One of ours.
    Ours(&'static Recipe),
    /// One that scikit-learn trains.
    Estimator(&'static PeerRecipe),
}

fn any_model(id: &str) -> Result<ModelArgument, String> {
    if let Some(recipe) = peers::find(id) {
        return Ok(ModelArgument::Estimator(recipe));
    }
    model(id).map(ModelArgument::Ours).map_err(|error| {
        let estimators: Vec<&str> = peers::PEER_RECIPES.iter().map(|recipe| recipe.id).collect();
        format!("{error}. Of scikit-learn: {}", estimators.join(", "))
    })
}

/// The payloads by their ids, each with why it is there for the long help.
fn payload_parser() -> impl TypedValueParser<Value = &'static Payload> {
    let ids =
        payloads::PAYLOADS.iter().map(|payload| PossibleValue::new(payload.id).help(payload.why));
    PossibleValuesParser::new(ids)
        .try_map(|id| payloads::find(&id).ok_or_else(|| format!("there is no payload {id}")))
}

fn size(name: &str) -> Result<Size, String> {
    let sizes = [Size::S, Size::M, Size::L];
    let found = sizes.into_iter().find(|size| size.id().eq_ignore_ascii_case(name));
    found.ok_or_else(|| "sizes are S, M and L".to_owned())
}

fn inject(text: &str) -> Result<Injected, String> {
    let (id, factor) = text
        .split_once('=')
        .ok_or_else(|| format!("expected ID=FACTOR, as in postcard=1.15, found {text:?}"))?;
    let format = format(id)?.0.descriptor().id.to_owned();
    match factor.parse::<f64>() {
        Ok(factor) if (1.0..=100.0).contains(&factor) => Ok(Injected { format, factor }),
        _ => Err(format!("a factor is a number from 1 to 100, not {factor:?}")),
    }
}

/// A baseline's name becomes the name of a file.
fn baseline_name(name: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    match !name.is_empty() && name.len() <= 100 && name.chars().all(plain) && !name.starts_with('.')
    {
        true => Ok(name.to_owned()),
        false => Err("a baseline's name is of letters, digits, '-', '_' and '.'".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn flags_of_run_work_with_and_without_its_name() {
        let named = Arguments::parse_from(["deadweight", "run", "--out", "x"]);
        let Some(Command::Run(run)) = named.command else { panic!("{named:?}") };
        assert_eq!(run.out, PathBuf::from("x"));
        let bare = Arguments::parse_from(["deadweight", "--profile", "standard"]);
        assert!(bare.command.is_none());
        assert_eq!(bare.run.profile, ProfileName::Standard);
    }

    #[test]
    fn names_that_do_not_exist_get_the_list_and_a_guess() {
        let error = format("safetensor").unwrap_err();
        assert!(error.contains("did you mean \"safetensors\"?"), "{error}");
        let error = model("random_forest").unwrap_err();
        assert!(error.contains("Did you mean \"random_forest_classifier\"?"), "{error}");
        assert!(baseline_name("../x").is_err() && baseline_name(".x").is_err());
        assert_eq!(baseline_name("main-1.2").unwrap(), "main-1.2");
        assert_eq!(size("m"), Ok(Size::M));
        assert!(size("XL").is_err());
    }
}
