use super::{Order, order};

const REQUEST: &str = r#"9  recvfrom(15<socket:[7]>, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\16\0\1\0\0\0\1\0\0\0\0\tbatch-41.", 8192, 0, NULL, NULL) = 47"#;
const WRITE: &str =
    r#"8  pwrite64(12</data/journal/00000001.seg>, "LDF1batch-41.\2more", 18, 4096) = 18"#;
const SYNC: &str = "8  fdatasync(12</data/journal/00000001.seg>) = 0";
const ANSWER: &str = r#"9  writev(15<socket:[7]>, [{iov_base="\0\0\2\1\4\0\0\0\1ok", iov_len=11}, {iov_base="\0\0\7\0\0\0\0\0\1\0\0\0\0\2\10\1", iov_len=16}], 2) = 27"#;

fn read(lines: &[&str]) -> Order {
    order(lines.join("\n").as_bytes()).unwrap()
}

#[test]
fn an_answer_after_its_sync_is_not_early() {
    let seen = read(&[REQUEST, WRITE, SYNC, ANSWER]);
    assert_eq!(
        seen,
        Order {
            answered: 1,
            early: 0,
            syncs: 1
        }
    );
}

#[test]
fn an_answer_before_its_sync_is_early() {
    for lines in [
        &[REQUEST, WRITE, ANSWER, SYNC][..],
        &[REQUEST, SYNC, WRITE, ANSWER],
        &[REQUEST, SYNC, ANSWER],
        &[REQUEST, WRITE, ANSWER],
    ] {
        let seen = read(lines);
        assert_eq!((seen.answered, seen.early), (1, 1), "{lines:?}");
    }
}

#[test]
fn a_sync_that_began_before_the_write_returned_covers_nothing() {
    let begun = "7  fdatasync(12</data/journal/00000001.seg> <unfinished ...>";
    let done = "7  <... fdatasync resumed>)             = 0";
    assert_eq!(read(&[REQUEST, begun, WRITE, done, ANSWER]).early, 1);
    assert_eq!(read(&[REQUEST, WRITE, begun, done, ANSWER]).early, 0);
    assert_eq!(read(&[REQUEST, WRITE, begun, ANSWER, done]).early, 1);
}

#[test]
fn a_sync_that_failed_was_made_up_or_was_of_another_file_covers_nothing() {
    for sync in [
        "8  fdatasync(12</data/journal/00000001.seg>) = -1 EIO (Input/output error)",
        "8  fdatasync(12</data/journal/00000001.seg>) = 0 (INJECTED)",
        "8  fdatasync(13</data/journal/00000002.seg>) = 0",
    ] {
        assert_eq!(read(&[REQUEST, WRITE, sync, ANSWER]).early, 1, "{sync}");
    }
}

#[test]
fn a_send_counts_from_where_it_began() {
    let begun = ANSWER.replace(") = 27", " <unfinished ...>");
    let done = "9  <... writev resumed>) = 27";
    assert_eq!(read(&[REQUEST, WRITE, &begun, SYNC, done]).early, 1);
    assert_eq!(read(&[REQUEST, WRITE, SYNC, &begun, done]).early, 0);
}
