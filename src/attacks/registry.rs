//! The list of attacks, in the order in which they are shown.

use super::{Attack, Loader, Target, Targets};

/// Every attack.
pub const ATTACKS: &[&Attack] = &[
    &super::os_system::ATTACK,
    &super::subprocess_popen::ATTACK,
    &super::posix_spawn::ATTACK,
    &super::eval_compile_chain::ATTACK,
    &super::import_hook::ATTACK,
    &super::pty_spawn::ATTACK,
    &super::ctypes_system::ATTACK,
    &super::file_write::ATTACK,
    &super::file_append::ATTACK,
    &super::file_delete::ATTACK,
    &super::file_rename::ATTACK,
    &super::file_chmod::ATTACK,
    &super::symlink_swap::ATTACK,
    &super::rmtree::ATTACK,
    &super::pth_planting::ATTACK,
    &super::sitecustomize_planting::ATTACK,
    &super::private_key_read::ATTACK,
    &super::environment_read::ATTACK,
    &super::path_probe::ATTACK,
    &super::host_name::ATTACK,
    &super::path_race::ATTACK,
    &super::exfiltrate_tcp::ATTACK,
    &super::exfiltrate_udp::ATTACK,
    &super::exfiltrate_dns::ATTACK,
    &super::exfiltrate_unix::ATTACK,
    &super::listening_shell::ATTACK,
    &super::raw_system_call::ATTACK,
    &super::shellcode::ATTACK,
    &super::memfd_exec::ATTACK,
    &super::fork_bomb::ATTACK,
    &super::memory_bomb::ATTACK,
    &super::cpu_loop::ATTACK,
    &super::sleep_past_limit::ATTACK,
    &super::signal_parent::ATTACK,
    &super::ptrace_parent::ATTACK,
    &super::io_uring_setup::ATTACK,
    &super::mount_and_unshare::ATTACK,
    &super::atexit_payload::ATTACK,
    &super::del_payload::ATTACK,
    &super::thread_payload::ATTACK,
    &super::setuid_attempt::ATTACK,
    &super::joblib_after_array::ATTACK,
    &super::object_array_payload::ATTACK,
    &super::npy_object::ATTACK,
    &super::compressed_zlib::ATTACK,
    &super::compressed_gzip::ATTACK,
    &super::compressed_bz2::ATTACK,
    &super::compressed_lzma::ATTACK,
    &super::compressed_xz::ATTACK,
    &super::compressed_lz4::ATTACK,
    &super::torch_hidden_member::ATTACK,
    &super::stacked_pickle::ATTACK,
    &super::cloudpickle_function::ATTACK,
    &super::dill_function::ATTACK,
    &super::renamed_pickle::ATTACK,
    &super::object_array::ATTACK,
    &super::length_lie::ATTACK,
    &super::truncated_file::ATTACK,
    &super::overlapping_tensors::ATTACK,
    &super::dtype_confusion::ATTACK,
    &super::duplicate_keys::ATTACK,
    &super::deep_nesting::ATTACK,
    &super::expansion_bomb::ATTACK,
    &super::header_flood::ATTACK,
    &super::archive_traversal::ATTACK,
    &super::index_poisoning::ATTACK,
    &super::template_injection::ATTACK,
    &super::nan_poisoning::ATTACK,
];

/// The attack with this id.
pub fn find(id: &str) -> Option<&'static Attack> {
    ATTACKS.iter().copied().find(|attack| attack.id == id)
}

impl Attack {
    /// What it can be built for. `formats` are the ids of all data-only formats.
    pub fn targets(&self, formats: &[&'static str]) -> Vec<Target> {
        match self.targets {
            Targets::Python(loaders) | Targets::PythonWith(loaders, _) => {
                loaders.iter().copied().map(Target::Python).collect()
            }
            Targets::Formats(ids) => ids.iter().copied().map(Target::Format).collect(),
            Targets::EveryFormat => formats.iter().copied().map(Target::Format).collect(),
        }
    }

    /// True when its bytes are Python's to load.
    pub fn is_executable(&self) -> bool {
        matches!(self.targets, Targets::Python(_) | Targets::PythonWith(..))
    }

    /// The loader that demonstrations use.
    pub fn first_loader(&self) -> Option<Loader> {
        match self.targets {
            Targets::Python(loaders) | Targets::PythonWith(loaders, _) => loaders.first().copied(),
            Targets::Formats(_) | Targets::EveryFormat => None,
        }
    }

    /// The package without which its payload does not run.
    pub fn package(&self) -> Option<&'static str> {
        match self.targets {
            Targets::PythonWith(_, package) => Some(package),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::PathBuf;

    use super::super::{Expected, Scene};
    use super::*;
    use crate::base::Limits;

    fn scene() -> Scene {
        Scene { directory: PathBuf::from("/tmp/deadweight-scene"), valid: Vec::new() }
    }

    #[test]
    fn ids_are_unique_and_are_the_names_of_files() {
        let ids: BTreeSet<_> = ATTACKS.iter().map(|attack| attack.id.replace('-', "_")).collect();
        assert_eq!(ids.len(), ATTACKS.len());
        let support = ["carrier", "data_file", "mod", "payload", "registry", "techniques"];
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/attacks");
        let files: BTreeSet<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .filter(|name| !support.contains(&name.as_str()))
            .collect();
        assert_eq!(ids, files);
    }

    #[test]
    fn each_says_what_it_is_where_it_is_known_from_and_what_must_be_seen() {
        for attack in ATTACKS {
            assert!(!attack.title.is_empty() && attack.summary.ends_with('.'), "{}", attack.id);
            assert!(!attack.references.is_empty(), "{}", attack.id);
            for reference in attack.references {
                assert!(reference.url.starts_with("https://"), "{}", attack.id);
            }
            match attack.expected {
                Expected::Effect { aquarium, policy } => {
                    assert!(attack.is_executable(), "{}", attack.id);
                    assert!(!aquarium.is_empty() && !policy.is_empty(), "{}", attack.id);
                }
                Expected::Refused | Expected::Inert => {
                    assert!(!attack.is_executable(), "{}", attack.id)
                }
            }
        }
    }

    #[test]
    fn payloads_stay_in_the_scene_and_pickles_can_be_read_without_running_them() {
        for attack in ATTACKS.iter().filter(|attack| attack.is_executable()) {
            for target in attack.targets(&[]) {
                let bytes =
                    (attack.build)(&scene(), target).unwrap_or_else(|error| panic!("{error}"));
                assert!(!bytes.is_empty(), "{}", attack.id);
                if target == Target::Python(Loader::Pickle) {
                    crate::pickle::load(&bytes, &Limits::default())
                        .unwrap_or_else(|error| panic!("{}: {error}", attack.id));
                }
            }
        }
    }
}
