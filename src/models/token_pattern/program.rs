//! The pattern as a program of single steps.

use super::parse::{Class, Condition, Part};

/// Most instructions.
const MOST_INSTRUCTIONS: usize = 20_000;

/// One step.
#[derive(Debug, Clone)]
pub(super) enum Instruction {
    Character(Class),
    Assert(Condition),
    Save(usize),
    Jump(usize),
    /// Two ways on; the first is tried first.
    Split(usize, usize),
    Match,
}

/// A pattern that can be run.
#[derive(Debug, Clone)]
pub(super) struct Program {
    pub(super) instructions: Vec<Instruction>,
    pub(super) has_group: bool,
}

/// Compiles a pattern.
pub(super) fn compile(part: &Part) -> Result<Program, String> {
    let mut program = Program { instructions: Vec::new(), has_group: false };
    program.push(Instruction::Save(0))?;
    program.part(part)?;
    program.push(Instruction::Save(1))?;
    program.push(Instruction::Match)?;
    Ok(program)
}

impl Program {
    fn push(&mut self, instruction: Instruction) -> Result<usize, String> {
        if self.instructions.len() >= MOST_INSTRUCTIONS {
            return Err(format!("too long a pattern, more than {MOST_INSTRUCTIONS} steps"));
        }
        self.instructions.push(instruction);
        Ok(self.instructions.len() - 1)
    }

    fn here(&self) -> usize {
        self.instructions.len()
    }

    fn set(&mut self, at: usize, instruction: Instruction) {
        if let Some(place) = self.instructions.get_mut(at) {
            *place = instruction;
        }
    }

    /// A choice between going on here and somewhere that is not known yet.
    fn fork(&mut self) -> Result<usize, String> {
        self.push(Instruction::Match)
    }

    fn choose(&mut self, fork: usize, on: usize, past: usize, greedy: bool) {
        let split = match greedy {
            true => Instruction::Split(on, past),
            false => Instruction::Split(past, on),
        };
        self.set(fork, split);
    }

    /// Nests as deep as the groups of the pattern, which are bounded.
    fn part(&mut self, part: &Part) -> Result<(), String> {
        match part {
            Part::Character(class) => self.push(Instruction::Character(class.clone())).map(drop),
            Part::Assert(condition) => self.push(Instruction::Assert(*condition)).map(drop),
            Part::Group(part, is_word) => {
                self.has_group |= *is_word;
                if *is_word {
                    self.push(Instruction::Save(2))?;
                }
                self.part(part)?;
                if *is_word {
                    self.push(Instruction::Save(3))?;
                }
                Ok(())
            }
            Part::Sequence(parts) => parts.iter().try_for_each(|part| self.part(part)),
            Part::Alternatives(parts) => self.alternatives(parts),
            Part::Repeat { part, least, most, greedy } => self.repeat(part, *least, *most, *greedy),
        }
    }

    fn alternatives(&mut self, parts: &[Part]) -> Result<(), String> {
        let mut ends = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            if index + 1 == parts.len() {
                self.part(part)?;
                break;
            }
            let fork = self.fork()?;
            self.part(part)?;
            ends.push(self.push(Instruction::Match)?);
            let next = self.here();
            self.choose(fork, fork + 1, next, true);
        }
        let end = self.here();
        ends.into_iter().for_each(|at| self.set(at, Instruction::Jump(end)));
        Ok(())
    }

    fn repeat(
        &mut self,
        part: &Part,
        least: usize,
        most: Option<usize>,
        greedy: bool,
    ) -> Result<(), String> {
        for _ in 0..least {
            self.part(part)?;
        }
        let Some(most) = most else {
            let fork = self.fork()?;
            self.part(part)?;
            self.push(Instruction::Jump(fork))?;
            let end = self.here();
            self.choose(fork, fork + 1, end, greedy);
            return Ok(());
        };
        let mut forks = Vec::new();
        for _ in least..most {
            forks.push(self.fork()?);
            self.part(part)?;
        }
        let end = self.here();
        forks.into_iter().for_each(|fork| self.choose(fork, fork + 1, end, greedy));
        Ok(())
    }
}
