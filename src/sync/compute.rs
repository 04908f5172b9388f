//! Computations over many rules. They run outside the request threads, a limited number at a time,
//! and stop when no one waits for the result.

use std::collections::HashMap;
use std::hash::Hash;
use std::num::NonZeroUsize;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{Semaphore, watch};

use crate::store::StoreError;

/// The number of items that a loop processes between two checks of whether its result is still
/// wanted.
const ITEMS_A_CHECK: usize = 4096;

/// The computation was stopped, because no one waited for it or because it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the computation was stopped")]
pub(super) struct Stopped;

impl From<Stopped> for StoreError {
    fn from(stopped: Stopped) -> Self {
        Self::Database(stopped.to_string())
    }
}

#[derive(Clone, Debug)]
pub(super) struct Wanted(Weak<()>);

impl Wanted {
    pub(super) fn check(&self) -> Result<(), Stopped> {
        if self.0.strong_count() == 0 { Err(Stopped) } else { Ok(()) }
    }

    /// Returns the items, and regularly checks whether the computation is still wanted. If it is
    /// not, returns an error in place of an item.
    pub(super) fn while_wanted<T>(
        &self,
        items: impl Iterator<Item = T>,
    ) -> impl Iterator<Item = Result<T, Stopped>> {
        items.enumerate().map(|(number, item)| {
            if number % ITEMS_A_CHECK == ITEMS_A_CHECK - 1 {
                self.check()?;
            }
            Ok(item)
        })
    }

    /// A value, and a [`Wanted`] that is valid for as long as the value is kept.
    pub(super) fn while_kept() -> (Arc<()>, Self) {
        let kept = Arc::new(());
        let wanted = Self(Arc::downgrade(&kept));
        (kept, wanted)
    }
}

/// Runs computations, and limits how many run at the same time: half the number of cores, but at
/// least one.
#[derive(Clone)]
pub(super) struct Computer(Arc<Semaphore>);

impl Computer {
    pub(super) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self(Arc::new(Semaphore::new((cores / 2).max(1))))
    }

    /// Waits until fewer computations than the limit are running, then runs `work` if its result is
    /// still wanted.
    pub(super) async fn run<T, E>(
        &self,
        wanted: Wanted,
        work: impl FnOnce(&Wanted) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Stopped> + Send + 'static,
    {
        let permit = Arc::clone(&self.0).acquire_owned().await.map_err(|_| Stopped)?;
        wanted.check()?;
        let running = threads().spawn_blocking(move || {
            let _permit = permit;
            work(&wanted)
        });
        running.await.unwrap_or_else(|error| {
            tracing::error!(%error, "a computation failed");
            Err(Stopped.into())
        })
    }
}

/// The nice value of computation threads (see nice(1)). With this value, requests get most of the
/// processor time.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// The threads of all computations. On Linux, they have a lower priority than requests. On macOS
/// and Windows, safe code cannot lower the priority of one thread.
fn threads() -> Handle {
    static THREADS: LazyLock<Option<Runtime>> = LazyLock::new(|| {
        let mut threads = Builder::new_current_thread();
        threads.thread_name("computation");
        #[cfg(target_os = "linux")]
        threads.on_thread_start(|| {
            // On Linux, this is the priority of the calling thread only (setpriority(2)).
            if let Err(error) = rustix::process::setpriority_process(None, NICE) {
                tracing::debug!(%error, "cannot lower the priority of computations; they have the priority of requests");
            }
        });
        threads.build().ok()
    });
    THREADS.as_ref().map_or_else(Handle::current, |threads| threads.handle().clone())
}

/// The number and size of the results in a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheFill {
    pub name: &'static str,
    pub entries: usize,
    pub bytes: u64,
    /// Maximum value of `bytes`.
    pub limit: u64,
}

/// Results by key, bounded by their weight in bytes. A missing result is computed once for all
/// requests that wait for it. The computation is a separate task. If the request that began the
/// computation ends, the computation continues as long as another request waits for the result.
pub(super) struct Memo<K, V, E>(Arc<Shared<K, V, E>>);

impl<K, V, E> Clone for Memo<K, V, E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

struct Shared<K, V, E> {
    known: Cache<K, V, Weight<K, V>>,
    running: Mutex<Running<K, V, E>>,
}

struct Running<K, V, E> {
    begun: u64,
    by_key: HashMap<K, Computation<V, E>>,
}

struct Computation<V, E> {
    number: u64,
    waiting: Weak<()>,
    result: watch::Receiver<Option<Result<V, E>>>,
}

struct Weight<K, V>(fn(&K, &V) -> usize);

impl<K, V> Clone for Weight<K, V> {
    fn clone(&self) -> Self {
        Self(self.0)
    }
}

/// Approximate bytes that the cache needs for an entry, in addition to its key and value.
const ENTRY_BYTES: usize = 96;

impl<K, V> Weighter<K, V> for Weight<K, V> {
    fn weight(&self, key: &K, value: &V) -> u64 {
        let inline = size_of::<K>() + size_of::<V>() + ENTRY_BYTES;
        let owned = (self.0)(key, value);
        // The allocator rounds sizes up. The additional eighth is an estimate of the rounding.
        (inline + owned + owned / 8) as u64
    }
}

impl<K, V, E> Memo<K, V, E>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    E: Clone + From<Stopped> + Send + Sync + 'static,
{
    /// A cache of at most `bytes` bytes. `expected` is an estimate of the number of entries.
    /// `owned` returns the bytes that a key and its value own on the heap.
    pub(super) fn new(bytes: u64, expected: usize, owned: fn(&K, &V) -> usize) -> Self {
        // The cache has one shard with the whole capacity. By default, the capacity is divided
        // among several shards, and a value that is larger than a shard is not kept. For example,
        // the difference of a million rules could be larger than a shard.
        let options = OptionsBuilder::new()
            .estimated_items_capacity(expected)
            .weight_capacity(bytes)
            .shards(1)
            .build();
        #[expect(clippy::expect_used, reason = "everything that is required is set")]
        let options = options.expect("the options are complete");
        let known = Cache::with_options(
            options,
            Weight(owned),
            DefaultHashBuilder::default(),
            DefaultLifecycle::default(),
        );
        let running = Mutex::new(Running { begun: 0, by_key: HashMap::new() });
        Self(Arc::new(Shared { known, running }))
    }

    pub(super) fn fill(&self, name: &'static str) -> CacheFill {
        let known = &self.0.known;
        CacheFill { name, entries: known.len(), bytes: known.weight(), limit: known.capacity() }
    }

    pub(super) fn known(&self, key: &K) -> Option<V> {
        self.0.known.get(key)
    }

    pub(super) fn forget(&self) {
        self.0.known.clear();
    }

    pub(super) fn remember(&self, key: K, value: V) {
        self.0.known.insert(key, value);
    }

    /// The result for a key, computed by `make` unless it is known or being computed.
    pub(super) async fn get<F>(&self, key: K, make: impl FnOnce(Wanted) -> F) -> Result<V, E>
    where
        F: Future<Output = Result<V, E>> + Send + 'static,
    {
        if let Some(known) = self.known(&key) {
            return Ok(known);
        }
        let (_waiting, mut result) = self.join(key, make);
        let result = result.wait_for(Option::is_some).await.map_err(|_| Stopped)?;
        result.clone().unwrap_or_else(|| Err(Stopped.into()))
    }

    fn join<F>(
        &self,
        key: K,
        make: impl FnOnce(Wanted) -> F,
    ) -> (Arc<()>, watch::Receiver<Option<Result<V, E>>>)
    where
        F: Future<Output = Result<V, E>> + Send + 'static,
    {
        let mut running = self.0.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(computation) = running.by_key.get(&key)
            && let Some(waiting) = computation.waiting.upgrade()
            && (computation.result.has_changed().is_ok() || computation.result.borrow().is_some())
        {
            return (waiting, computation.result.clone());
        }
        let (waiting, wanted) = Wanted::while_kept();
        let (sender, result) = watch::channel(None);
        running.begun += 1;
        let number = running.begun;
        let computation =
            Computation { number, waiting: Arc::downgrade(&waiting), result: result.clone() };
        running.by_key.insert(key.clone(), computation);
        drop(running);
        let (shared, making) = (Arc::clone(&self.0), make(wanted));
        tokio::spawn(async move {
            let made = making.await;
            if let Ok(value) = &made {
                shared.known.insert(key.clone(), value.clone());
            }
            sender.send_replace(Some(made));
            let mut running = shared.running.lock().unwrap_or_else(PoisonError::into_inner);
            if running.by_key.get(&key).is_some_and(|other| other.number == number) {
                running.by_key.remove(&key);
            }
        });
        (waiting, result)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    type Numbers = Memo<u32, u32, StoreError>;

    fn numbers() -> Numbers {
        Memo::new(1 << 20, 16, |_, _| 0)
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn s1_computations_give_way_to_requests() {
        let nice = || {
            let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
            // The nice value is the 19th field. The second field, the name, is in parentheses
            // (proc_pid_stat(5)).
            let after_name = stat.rsplit_once(") ").unwrap().1.to_owned();
            after_name.split(' ').nth(16).unwrap().parse::<i32>().unwrap()
        };
        let (_kept, wanted) = Wanted::while_kept();
        let computer = Computer::new();
        let lowered = computer.run(wanted, move |_| Ok::<_, Stopped>(nice())).await;
        assert_eq!(lowered.unwrap(), NICE);
        assert_ne!(nice(), NICE, "this thread keeps its own");
    }

    #[tokio::test]
    async fn s1_what_many_wait_for_is_computed_once_and_outlives_the_first_of_them() {
        let (memo, computer) = (numbers(), Computer::new());
        let times = Arc::new(AtomicUsize::new(0));
        let (go, gate) = mpsc::channel();
        let gate = Arc::new(Mutex::new(gate));
        let get = || {
            let (computer, times, gate) = (computer.clone(), times.clone(), gate.clone());
            memo.get(7, move |wanted| async move {
                let work = move |wanted: &Wanted| {
                    times.fetch_add(1, Ordering::SeqCst);
                    gate.lock().unwrap().recv().unwrap();
                    wanted.check()?;
                    Ok(49)
                };
                computer.run(wanted, work).await
            })
        };
        let soon = std::time::Duration::from_millis(50);
        let (mut first, mut second) = (Box::pin(get()), Box::pin(get()));
        assert!(tokio::time::timeout(soon, &mut first).await.is_err());
        assert!(tokio::time::timeout(soon, &mut second).await.is_err());
        drop(first);
        go.send(()).unwrap();
        assert_eq!(second.await.unwrap(), 49);
        assert_eq!(get().await.unwrap(), 49);
        assert_eq!(times.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn s1_a_computation_stops_when_no_one_waits_and_can_be_begun_again() {
        let (memo, computer) = (numbers(), Computer::new());
        let (stopped, outcome) = mpsc::channel();
        let endless = move |wanted: &Wanted| {
            let counted = wanted.while_wanted(0..).find_map(Result::err);
            stopped.send(counted).unwrap();
            Err::<u32, StoreError>(Stopped.into())
        };
        {
            let computer = computer.clone();
            let making = memo.get(1, |wanted| async move { computer.run(wanted, endless).await });
            let given_up = tokio::time::timeout(std::time::Duration::from_millis(50), making).await;
            assert!(given_up.is_err());
        }
        let outcome = tokio::task::spawn_blocking(move || outcome.recv()).await.unwrap();
        assert_eq!(outcome.unwrap(), Some(Stopped));
        assert_eq!(memo.get(1, |_| async { Ok(5) }).await.unwrap(), 5);
    }

    #[tokio::test]
    async fn s1_no_more_than_the_limit_is_computed_at_a_time() {
        let computer = Computer::new();
        let limit = computer.0.available_permits();
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let work = |_| {
            let (now, most) = (Arc::clone(&now), Arc::clone(&most));
            let (kept, wanted) = Wanted::while_kept();
            let running = computer.run(wanted, move |_| {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::yield_now();
                now.fetch_sub(1, Ordering::SeqCst);
                Ok::<(), StoreError>(())
            });
            async move {
                let _kept = kept;
                running.await
            }
        };
        let all = futures_util::future::join_all((0..50).map(work)).await;
        assert!(all.iter().all(Result::is_ok));
        assert!(most.load(Ordering::SeqCst) <= limit);
    }

    #[tokio::test]
    async fn s10_a_memo_stays_within_its_limit() {
        const LIMIT: u64 = 1 << 20;
        let memo: Memo<u32, Arc<[u8]>, StoreError> = Memo::new(LIMIT, 16, |_, bytes| bytes.len());
        for number in 0..10_000 {
            memo.get(number, |_| async { Ok(vec![0; 1 << 10].into()) }).await.unwrap();
        }
        let kept = (0..10_000).filter(|number| memo.known(number).is_some()).count();
        assert!(kept > 100, "{kept}");
        assert!(kept as u64 * (1 << 10) <= LIMIT, "{kept}");
    }

    #[test]
    fn s10_a_memo_keeps_values_of_half_its_limit_on_any_number_of_cores() {
        const LIMIT: u64 = 1 << 20;
        let memo: Memo<u32, Arc<[u8]>, StoreError> = Memo::new(LIMIT, 4096, |_, bytes| bytes.len());
        memo.remember(1, vec![0; 1 << 19].into());
        assert!(memo.known(&1).is_some());
        memo.remember(2, vec![0; 350 << 10].into());
        assert!(memo.known(&1).is_some() && memo.known(&2).is_some());
        let filled = memo.fill("values");
        assert_eq!((filled.entries, filled.limit), (2, LIMIT));
        assert!(filled.bytes > (1 << 19) + (350 << 10) && filled.bytes <= LIMIT, "{filled:?}");
    }

    #[tokio::test]
    async fn a_computation_that_panics_fails_those_who_wait_and_no_one_else() {
        let (memo, computer) = (numbers(), Computer::new());
        let failing = computer.clone();
        let panics = |_: &Wanted| -> Result<u32, StoreError> { panic!("a test's") };
        let failed = memo.get(1, |wanted| async move { failing.run(wanted, panics).await }).await;
        assert!(failed.is_err());
        assert_eq!(memo.get(1, |_| async { Ok(5) }).await.unwrap(), 5);
    }
}
