//! The programs that are started whole, on the tutorial's model.

use std::path::Path;

use anyhow::Context;

use super::{Side, subjects};
use crate::base::Array;
use crate::bench::programs::{CommandLine, Program};
use crate::bench::subject::Subject;
use crate::formats::{npy, registry};
use crate::peers::programs::{PEER_PROGRAMS, store};
use crate::peers::tutorial;

impl Side {
    /// The programs that are started whole, on the tutorial's model.
    ///
    /// # Errors
    /// When a file of theirs cannot be written.
    pub fn programs(&self, subject: &Subject) -> anyhow::Result<Vec<Program>> {
        let Some(python) = self.python() else { return Ok(Vec::new()) };
        let dir = self.place.path();
        let model = dir.join(tutorial::files::MODEL);
        let rows = dir.join(tutorial::files::ROWS);
        let row = dir.join("row.npy");
        let first = subjects::read_rows(&rows)?.slice(ndarray::s![..1, ..]).to_owned();
        let first = Array::from_vec(first.iter().copied().collect(), first.shape())?;
        std::fs::write(&row, npy::write(&first)?).context("cannot write a row")?;
        let mut programs = Vec::new();
        for program in PEER_PROGRAMS {
            let file = match program.format {
                "joblib" => Ok(model.clone()),
                _ if python.missing.contains(&program.package) => {
                    Err(format!("the Python package {} is missing", program.package))
                }
                format => {
                    store(&python.executable, &model, &rows, format, dir).map_err(|e| e.to_string())
                }
            };
            let command = file.as_ref().map_err(String::clone).map(|file| CommandLine {
                program: python.executable.clone(),
                arguments: arguments(&["-I", "-c", program.source], &[file, &row]),
            });
            programs.push(Program {
                model: subject.id().to_owned(),
                title: program.title.to_owned(),
                file: file.unwrap_or_default(),
                command,
            });
        }
        let ours = std::env::current_exe().context("cannot find this program's own file")?;
        let safetensors = dir.join("model.safetensors");
        let mut bytes = Vec::new();
        let format = registry::find("safetensors").context("no format safetensors")?;
        format.encode(&subject.parameters, &mut bytes)?;
        std::fs::write(&safetensors, bytes).context("cannot write the model")?;
        for (title, file) in [
            ("deadweight predict, the joblib file", model),
            ("deadweight predict, safetensors", safetensors),
        ] {
            let path = row.to_string_lossy().into_owned();
            let mut arguments = arguments(&["predict"], &[&file]);
            arguments.extend(["--input".to_owned(), path]);
            let command = Ok(CommandLine { program: ours.clone(), arguments });
            let (model, title) = (subject.id().to_owned(), title.to_owned());
            programs.push(Program { model, title, file, command });
        }
        Ok(programs)
    }
}

fn arguments(words: &[&str], paths: &[&Path]) -> Vec<String> {
    let words = words.iter().map(|word| (*word).to_owned());
    words.chain(paths.iter().map(|path| path.to_string_lossy().into_owned())).collect()
}
