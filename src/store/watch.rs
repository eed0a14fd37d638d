//! A model that follows an alias: a server changes models without a gap.
//!
//! A thread looks at the alias now and then, which is a few looks at single objects. When it has
//! moved, the new version is loaded beside the old one, its hash is checked and every element of it
//! looked at, and only then do all who ask from there on get it. Who has the old one keeps it until it
//! lets go. A version that cannot be loaded changes nothing, and is tried again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use super::{Alias, AliasEntry, Loaded, Name, Store, StoreError, silent};

/// What an alias stood on when it was looked at.
pub struct Current {
    /// The move that brought it there.
    pub entry: AliasEntry,
    /// The version.
    pub loaded: Loaded,
}

struct Shared {
    store: Store,
    name: Name,
    alias: Alias,
    current: RwLock<Arc<Current>>,
    /// One look at a time.
    looking: Mutex<()>,
    swaps: AtomicU64,
    failure: Mutex<Option<String>>,
    stopped: Mutex<bool>,
    wake: Condvar,
}

/// Keeps the version that an alias stands on. It stops looking when it is dropped.
pub struct Watcher {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Store {
    /// Loads what an alias stands on, and follows it, looking every `interval`.
    ///
    /// # Errors
    /// As [`Store::load`], for the first version; when no thread can be started.
    pub fn watch(
        &self,
        name: &str,
        alias: &str,
        interval: Duration,
    ) -> Result<Watcher, StoreError> {
        let (name, alias): (Name, Alias) = (name.parse()?, alias.parse()?);
        let current = load(self, &name, &alias, self.standing(&name, &alias)?)?;
        let shared = Arc::new(Shared {
            store: self.clone(),
            name,
            alias,
            current: RwLock::new(Arc::new(current)),
            looking: Mutex::new(()),
            swaps: AtomicU64::new(0),
            failure: Mutex::new(None),
            stopped: Mutex::new(false),
            wake: Condvar::new(),
        });
        let watching = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("deadweight-watch".to_owned())
            .spawn(move || watching.run(interval))
            .map_err(|source| StoreError::Thread { source })?;
        Ok(Watcher { shared, thread: Some(thread) })
    }
}

fn load(
    store: &Store,
    name: &Name,
    alias: &Alias,
    entry: Arc<AliasEntry>,
) -> Result<Current, StoreError> {
    let manifest = store.entry_manifest(name, alias, &entry)?;
    let loaded = store.load_manifest(manifest, &silent)?;
    loaded.model.validate()?;
    Ok(Current { entry: Arc::unwrap_or_clone(entry), loaded })
}

impl Shared {
    fn run(&self, interval: Duration) {
        let mut stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        while !*stopped {
            let (waited, _) =
                self.wake.wait_timeout(stopped, interval).unwrap_or_else(PoisonError::into_inner);
            if *waited {
                return;
            }
            drop(waited);
            // What went wrong is kept for whoever asks; the next look is another attempt.
            let _ = self.look();
            stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn look(&self) -> Result<bool, StoreError> {
        let _one = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
        let result = self.follow();
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        *failure = result.as_ref().err().map(ToString::to_string);
        result
    }

    fn follow(&self) -> Result<bool, StoreError> {
        let standing = self.store.standing(&self.name, &self.alias)?;
        let current = self.current();
        if standing.nonce == current.entry.nonce {
            return Ok(false);
        }
        let next = Arc::new(load(&self.store, &self.name, &self.alias, standing)?);
        let before = {
            let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *current, next)
        };
        self.swaps.fetch_add(1, Ordering::Relaxed);
        // Freed here and not by whoever asked last, which may be a request.
        drop(before);
        Ok(true)
    }

    fn current(&self) -> Arc<Current> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Watcher {
    /// The newest version that could be loaded. It stays as it is for as long as it is held.
    pub fn current(&self) -> Arc<Current> {
        self.shared.current()
    }

    /// How often the version was changed.
    pub fn swaps(&self) -> u64 {
        self.shared.swaps.load(Ordering::Relaxed)
    }

    /// Why the last look failed, if it did.
    pub fn failure(&self) -> Option<String> {
        self.shared.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks now; true when another version took over.
    ///
    /// # Errors
    /// When it cannot be loaded; the version is then as before.
    pub fn look(&self) -> Result<bool, StoreError> {
        self.shared.look()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        *self.shared.stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.shared.wake.notify_all();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing left to do.
            let _ = thread.join();
        }
    }
}
