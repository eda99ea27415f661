//! What a value leaves behind in a batch.

use serde::ser::{Error, Serialize, SerializeTuple, Serializer};

use super::append;

/// A value that cannot be put into bytes once half of it has been.
struct Half;

impl Serialize for Half {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut halves = serializer.serialize_tuple(2)?;
        halves.serialize_element("the first half of it")?;
        Err(S::Error::custom("the second is missing"))
    }
}

#[test]
fn a_value_that_fails_leaves_nothing() {
    let mut bytes = b"before".to_vec();
    append(&mut bytes, &Half).unwrap_err();
    assert_eq!(bytes, b"before");
}

#[test]
fn numbers_and_texts_of_any_length_stand_behind_each_other() {
    let texts = [
        "",
        "seven",
        "12345678",
        "123456789",
        "an aid project's name, at length",
    ];
    let value = (u64::MAX, 0u8, texts, -1i64);
    let mut bytes = b"before".to_vec();
    append(&mut bytes, &value).unwrap();
    let alone = postcard::to_stdvec(&value).unwrap();
    assert_eq!(bytes, [b"before".as_slice(), &alone].concat());
}
