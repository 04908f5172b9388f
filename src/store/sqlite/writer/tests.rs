use std::path::Path;
use std::sync::mpsc as blocking;

use super::*;

const SHARED: CommitSharing = CommitSharing::Shared { rows: 1 };

fn database(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    let sql = "PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS t (x INTEGER UNIQUE)";
    connection.execute_batch(sql).unwrap();
    connection
}

fn opened(path: &Path) -> Arc<Identity> {
    Arc::new(Identity::of(path).unwrap())
}

fn rows(connection: &Connection) -> Vec<i64> {
    let mut statement = connection.prepare("SELECT x FROM t ORDER BY x").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn add(connection: &Connection, x: i64) -> StoreResult<WriteResult<()>> {
    connection.execute("INSERT INTO t VALUES (?)", [x])?;
    Ok(WriteResult::Keep(()))
}

/// Blocks the writer until it is released, so that further jobs wait together.
async fn held(writer: &Writer, go: blocking::Receiver<()>) -> StoreResult<()> {
    let wait = move |_: &Connection| {
        go.recv().unwrap();
        Ok(WriteResult::Discard(()))
    };
    writer.write(CommitSharing::Alone, wait).await
}

#[tokio::test]
async fn jobs_that_wait_share_a_commit_and_fail_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let writer = Writer::start(database(&path), opened(&path)).unwrap();
    let (go, gate) = blocking::channel();
    let failing = |on: &Connection| {
        add(on, 2)?;
        add(on, 1)
    };
    let discarded = |on: &Connection| add(on, 3).map(|_| WriteResult::Discard("seen"));
    let outside = database(&path);
    let looking = move |on: &Connection| Ok(WriteResult::Keep((rows(on), rows(&outside))));
    let (_, one, failed, seen, views, four, ()) = tokio::join!(
        held(&writer, gate),
        writer.write(SHARED, |on| add(on, 1)),
        writer.write(SHARED, failing),
        writer.write(SHARED, discarded),
        writer.write(SHARED, looking),
        writer.write(CommitSharing::Alone, |on| add(on, 4)),
        async { go.send(()).unwrap() },
    );
    assert!(one.is_ok() && four.is_ok());
    assert!(failed.unwrap_err().to_string().contains("UNIQUE"));
    assert_eq!(seen.unwrap(), "seen");
    assert_eq!(views.unwrap(), (vec![1], vec![]), "not one transaction");
    assert_eq!(rows(&database(&path)), [1, 4]);
}

#[tokio::test]
async fn one_who_writes_alone_never_waits_and_a_few_wait_for_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let ((waits, waiting), (go_on, gone)) = (blocking::channel(), blocking::channel());
    let gather = move || {
        // The test receives only the first of these messages.
        let _ = waits.send(());
        gone.recv().unwrap();
    };
    let writer = Writer::start_with(database(&path), opened(&path), gather).unwrap();
    for number in 1..=3 {
        writer.write(SHARED, move |on| add(on, number)).await.unwrap();
    }
    let (go, gate) = blocking::channel();
    let (held, four, five, ()) = tokio::join!(
        held(&writer, gate),
        writer.write(SHARED, |on| add(on, 4)),
        writer.write(SHARED, |on| add(on, 5)),
        async { go.send(()).unwrap() },
    );
    assert!(held.is_ok() && four.is_ok() && five.is_ok());
    assert!(waiting.try_recv().is_err(), "nobody was to wait yet");

    let outside = database(&path);
    let looking =
        move |on: &Connection| Ok(WriteResult::Keep((rows(on).len(), rows(&outside).len())));
    let (six, (views, ())) = tokio::join!(writer.write(SHARED, |on| add(on, 6)), async {
        tokio::task::spawn_blocking(move || waiting.recv()).await.unwrap().unwrap();
        let go = async { (0..STEPS).for_each(|_| go_on.send(()).unwrap()) };
        tokio::join!(writer.write(SHARED, looking), go)
    });
    assert!(six.is_ok());
    assert_eq!(views.unwrap(), (6, 5), "not one transaction");
}

#[tokio::test]
async fn what_is_too_much_is_refused_at_once_and_nothing_else_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let writer = Writer::start(database(&path), opened(&path)).unwrap();
    let (go, gate) = blocking::channel();
    let most = CommitSharing::Shared { rows: MOST_WAITING };
    let (_, one, refused, alone, ()) = tokio::join!(
        held(&writer, gate),
        writer.write(most, |on| add(on, 1)),
        writer.write(CommitSharing::Single, |on| add(on, 2)),
        writer.write(CommitSharing::Alone, |on| add(on, 3)),
        async { go.send(()).unwrap() },
    );
    assert!(one.is_ok() && alone.is_ok());
    assert!(matches!(refused, Err(StoreError::Overloaded)));
    assert!(
        writer.write(CommitSharing::Single, |on| add(on, 4)).await.is_ok(),
        "there is room again"
    );
    assert_eq!(rows(&database(&path)), [1, 3, 4]);
}

#[tokio::test]
async fn what_is_queued_is_done_before_the_writer_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let writer = Writer::start(database(&path), opened(&path)).unwrap();
    let (go, gate) = blocking::channel();
    {
        // The callers stop waiting before the result arrives.
        let asking =
            async { tokio::join!(held(&writer, gate), writer.write(SHARED, |on| add(on, 1))) };
        let none = tokio::time::timeout(std::time::Duration::from_millis(1), asking).await;
        assert!(none.is_err());
    }
    go.send(()).unwrap();
    drop(writer);
    assert_eq!(rows(&database(&path)), [1]);
}

#[tokio::test]
async fn a_commit_that_fails_fails_all_its_jobs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let connection = database(&path);
    let deferred = "PRAGMA foreign_keys = ON; CREATE TABLE p (id INTEGER PRIMARY KEY);
         CREATE TABLE c (p INTEGER REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED)";
    connection.execute_batch(deferred).unwrap();
    let writer = Writer::start(connection, opened(&path)).unwrap();
    let (go, gate) = blocking::channel();
    let orphan = |on: &Connection| {
        on.execute("INSERT INTO c VALUES (7)", [])?;
        Ok(WriteResult::Keep(()))
    };
    let (_, one, other, ()) = tokio::join!(
        held(&writer, gate),
        writer.write(SHARED, |on| add(on, 1)),
        writer.write(SHARED, orphan),
        async { go.send(()).unwrap() },
    );
    assert!(one.unwrap_err().to_string().contains("FOREIGN KEY"));
    assert!(other.is_err());
    assert!(writer.write(SHARED, |on| add(on, 2)).await.is_ok());
    assert_eq!(rows(&database(&path)), [2]);
}

#[tokio::test]
async fn l7_a_panic_fails_its_job_alone_and_the_thread_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let writer = Writer::start(database(&path), opened(&path)).unwrap();
    let panicking = |on: &Connection| -> StoreResult<WriteResult<()>> {
        add(on, 2)?;
        panic!("a bug in a job")
    };
    let (go, gate) = blocking::channel();
    let (_, one, panicked, three, ()) = tokio::join!(
        held(&writer, gate),
        writer.write(SHARED, |on| add(on, 1)),
        writer.write(SHARED, panicking),
        writer.write(SHARED, |on| add(on, 3)),
        async { go.send(()).unwrap() },
    );
    assert!(one.is_ok() && three.is_ok());
    assert!(panicked.unwrap_err().to_string().contains("panicked"));
    assert!(writer.write(CommitSharing::Alone, panicking).await.is_err(), "alone as well");
    assert!(writer.write(SHARED, |on| add(on, 4)).await.is_ok());
    assert!(writer.is_running() && writer.busy_for().is_none());
    assert_eq!(rows(&database(&path)), [1, 3, 4]);
}

#[tokio::test]
async fn l7_no_write_is_acknowledged_once_the_file_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let writer = Writer::start(database(&path), opened(&path)).unwrap();
    writer.write(SHARED, |on| add(on, 1)).await.unwrap();
    let aside = folder.path().join("aside.db");
    std::fs::rename(&path, &aside).unwrap();
    let lost = writer.write(SHARED, |on| add(on, 2)).await.unwrap_err();
    assert!(matches!(lost, StoreError::Unwritable(WriteFault::FileMissing)), "{lost}");
    std::fs::write(&path, "another file").unwrap();
    let lost = writer.write(SHARED, |on| add(on, 3)).await.unwrap_err();
    assert!(matches!(lost, StoreError::Unwritable(WriteFault::FileReplaced)), "{lost}");
    std::fs::rename(&aside, &path).unwrap();
    assert!(writer.write(SHARED, |on| add(on, 4)).await.is_ok(), "the file is back");
}

#[tokio::test]
async fn l7_a_writer_that_stopped_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let gather = || panic!("a bug in the writer itself");
    let writer = Writer::start_with(database(&path), opened(&path), gather).unwrap();
    let (go, gate) = blocking::channel();
    // After two jobs share a commit, the next commit waits for more jobs.
    let (_, _, _, ()) = tokio::join!(
        held(&writer, gate),
        writer.write(SHARED, |on| add(on, 1)),
        writer.write(SHARED, |on| add(on, 2)),
        async { go.send(()).unwrap() },
    );
    let stopped = writer.write(SHARED, |on| add(on, 3)).await.unwrap_err();
    assert!(matches!(stopped, StoreError::Unwritable(WriteFault::WriterStopped)), "{stopped}");
}

#[tokio::test]
async fn l7_a_full_disk_is_reported_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let connection = database(&path);
    connection.execute_batch("PRAGMA max_page_count = 2; CREATE TABLE u (x BLOB)").unwrap_err();
    connection.execute_batch("PRAGMA max_page_count = 4; CREATE TABLE u (x BLOB)").unwrap();
    let writer = Writer::start(connection, opened(&path)).unwrap();
    let large = |on: &Connection| {
        on.execute("INSERT INTO u VALUES (zeroblob(100000))", [])?;
        Ok(WriteResult::Keep(()))
    };
    let full = writer.write(SHARED, large).await.unwrap_err();
    assert!(matches!(full, StoreError::Unwritable(WriteFault::DiskFull)), "{full}");
    assert!(writer.write(SHARED, |on| add(on, 1)).await.is_ok(), "a small row has room");
}
