//! `predict`: the rows of a file through a model file.

use std::io::{IsTerminal, Write};
use std::path::Path;

use anyhow::{Context, anyhow};

use super::args::{Method, PredictArguments};
use super::failure::{Advise, UsageError};
use super::rows::{self, Answer, Input};
use super::table::printable;
use super::{files, outputs};
use crate::base::parameters::PLAIN_ARRAYS;
use crate::base::{DType, Parameters};
use crate::formats::npy;
use crate::models::ModelError;
use crate::models::registry::from_parameters;

/// Where predictions go.
enum Output {
    Lines,
    Npy,
    Csv,
}

/// Predicts and writes.
pub fn run(arguments: &PredictArguments) -> anyhow::Result<()> {
    let output = output(&arguments.output)?;
    if !matches!(output, Output::Lines) {
        // Arrays carry no mark of who wrote them, so any file that exists is somebody's.
        if [&arguments.file, &arguments.input]
            .iter()
            .any(|p| outputs::is_same(p, &arguments.output))
        {
            let error = UsageError("--output is the model or the input itself".to_owned());
            return Err(anyhow!(error)).advise("choose another name");
        }
        outputs::check_free(&arguments.output, |_| arguments.force, outputs::OR_FORCE)?;
    }
    let path = arguments.file.display();
    let file = files::load(&arguments.file, &arguments.pickle)?;
    if file.parameters.kind() == PLAIN_ARRAYS {
        return Err(anyhow!("{path}: expected a model, found plain arrays of another program"))
            .advise("`deadweight inspect` lists them");
    }
    let model = from_parameters(&file.parameters)
        .with_context(|| format!("{path}: no model can be made of it"))
        .advise("`deadweight inspect` says what the file holds")?;
    let input = rows::read(&arguments.input, arguments.header)?;
    check_names(&file.parameters, &input)
        .with_context(|| format!("{path}: cannot predict {}", arguments.input.display()))
        .advise("give all of these columns and no others, in this order; or rows without names")?;
    note_precision(&file.parameters, &input);
    let answer = match arguments.method {
        Method::Predict => model.predict(input.rows()).map(Answer::Predictions),
        Method::PredictProba => model.predict_proba(input.rows()).map(Answer::Scores),
        Method::DecisionFunction => model.decision_function(input.rows()).map(Answer::Scores),
        Method::Transform => model.transform(input.rows()).map(Answer::Transformed),
    };
    let remedy = answer.as_ref().err().map_or("", remedy);
    let answer = answer
        .with_context(|| format!("{path}: cannot predict {}", arguments.input.display()))
        .advise(remedy)?;
    match output {
        Output::Lines => print(&answer.to_csv()?)?,
        Output::Csv => outputs::write(&arguments.output, &answer.to_csv()?)?,
        Output::Npy => outputs::write(&arguments.output, &npy::write(&answer.to_array()?)?)?,
    }
    if !matches!(output, Output::Lines) {
        anstream::eprintln!("{} rows -> {}", answer.len(), arguments.output.display());
    }
    Ok(())
}

/// What to do about an error, which may be that of a model inside.
fn remedy(mut error: &ModelError) -> &'static str {
    while let ModelError::Child { source, .. } = error {
        error = source;
    }
    match error {
        ModelError::Features { .. } | ModelError::Input { .. } | ModelError::Text { .. } => {
            "give the columns that the model was trained on, each a number in every row"
        }
        ModelError::Table(_) => "give the columns that the model was trained on, of the same sorts",
        ModelError::Unsupported { .. } => "choose another --method",
        _ => "`deadweight inspect --validate` says what is wrong with the model",
    }
}

/// A model that finds columns by place must be given them in the order of its training.
fn check_names(parameters: &Parameters, input: &Input) -> anyhow::Result<()> {
    let (Some(expected), Input::Table(table)) = (parameters.column_names(), input) else {
        return Ok(());
    };
    match table.names() {
        Some(found) if !found.iter().eq(&expected) => {
            let (expected, found) = (listed(&expected), listed(found));
            Err(anyhow!("expected the columns {expected}, found {found}"))
        }
        _ => Ok(()),
    }
}

/// The first names, as many as a message bears.
fn listed(names: &[impl AsRef<str>]) -> String {
    const MOST: usize = 8;
    let shown: Vec<String> = names.iter().take(MOST).map(|name| printable(name.as_ref())).collect();
    let more = if names.len() > MOST { ", ..." } else { "" };
    format!("{}{more}", shown.join(", "))
}

/// scikit-learn takes some steps in the precision of the rows. Trees compare in single precision
/// whatever they are given.
fn note_precision(parameters: &Parameters, input: &Input) {
    let kind = parameters.kind();
    let indifferent = ["tree", "forest", "boosting"].iter().any(|part| kind.contains(part));
    if let Input::Numbers(_, dtype @ (DType::F32 | DType::F16)) = input
        && !indifferent
    {
        anstream::eprintln!(
            "note: the rows are {}; they are calculated with as f64, while scikit-learn takes some steps in their precision",
            dtype.name()
        );
    }
}

/// Data for a program as it is; for a terminal with control characters shown, since labels are
/// texts of strangers.
fn print(lines: &[u8]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.is_terminal() {
        false => out.write_all(lines)?,
        true => {
            for line in String::from_utf8_lossy(lines).lines() {
                writeln!(out, "{}", super::table::printable(line))?;
            }
        }
    }
    Ok(out.flush()?)
}

fn output(path: &Path) -> anyhow::Result<Output> {
    if path == Path::new("-") {
        return Ok(Output::Lines);
    }
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("npy") => Ok(Output::Npy),
        Some("csv") => Ok(Output::Csv),
        _ => {
            let found = path.display();
            let error = format!("--output: expected Y.npy, Y.csv or -, found {found}");
            Err(anyhow!(UsageError(error))).advise("the extension says what is written")
        }
    }
}
