//! Tests of the configuration.

use std::path::Path;

use super::{Config, ConfigError};

fn load(text: &str) -> Result<Config, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("node.toml");
    std::fs::write(&path, text).unwrap();
    Config::load(&path)
}

#[test]
fn a_small_file_is_enough() {
    let config = load("region = '371524'\ndata = 'data'\nlisten = '127.0.0.1:0'\n").unwrap();
    assert_eq!(config.region.as_str(), "371524");
    assert_eq!(config.grace_days, 10);
    assert!(config.data.ends_with("data") && config.data.is_absolute());
}

#[test]
fn every_bad_key_is_reported_at_once() {
    let text = "region = '聊城'\ndata = 'data'\nlisten = 'here'\n[parent]\nregion = '370000'\n\
                address = 'ftp://x'\n[log]\nformat = 'xml'\n[limits]\nqueue = 0\n";
    let ConfigError::Values { problems, .. } = load(text).unwrap_err() else {
        panic!("the values are what is wrong");
    };
    let keys: Vec<&str> = problems
        .iter()
        .map(|problem| problem.key.as_str())
        .collect();
    assert_eq!(
        keys,
        [
            "region",
            "listen",
            "parent.address",
            "log.format",
            "limits.queue"
        ]
    );
}

#[test]
fn no_file_allows_plain_text() {
    let text = "region = '371524'\ndata = 'data'\nlisten = '127.0.0.1:7410'\n";
    assert!(!load(text).unwrap().insecure_loopback);
    let error = load(&format!("allow_plaintext = true\n{text}")).unwrap_err();
    for words in [
        "allow_plaintext",
        "[identity] folder",
        "--insecure-loopback",
    ] {
        assert!(error.to_string().contains(words), "{error}");
    }
    let parent = "[parent]\nregion = '371500'\naddress = 'https://10.1.2.3:7410'\n";
    let error = load(&format!("{text}{parent}")).unwrap_err();
    assert!(error.to_string().contains("[identity] folder"), "{error}");
}

#[test]
fn with_an_identity_nobody_is_dialled_in_plain_text() {
    let text = "region = '371524'\ndata = 'data'\nlisten = '0.0.0.0:7410'\n\
                [identity]\nfolder = 'identity'\n";
    let with = |more: &str| load(&format!("{text}{more}"));
    let authority = "https://city.example:7410";
    let config = with(&format!("authority = '{authority}'\n")).expect("good");
    assert_eq!(config.authority.as_deref(), Some(authority));
    let refused = with("authority = 'http://city.example:7410'\n").unwrap_err();
    assert!(refused.to_string().contains("identity.authority"));
    let parent = |scheme: &str| {
        with(&format!(
            "[parent]\nregion = '371500'\naddress = '{scheme}://10.1.2.3:7410'\n"
        ))
    };
    assert!(parent("https").is_ok());
    assert!(parent("http").is_err());
}

#[test]
fn a_misspelt_key_is_named() {
    let error = load("region = '371524'\ndata = 'd'\nlisten = '127.0.0.1:0'\nregoin = 'x'\n");
    assert!(error.unwrap_err().to_string().contains("regoin"));
}

#[test]
fn a_missing_file_is_named() {
    let error = Config::load(Path::new("/nowhere/node.toml")).unwrap_err();
    assert!(error.to_string().contains("/nowhere/node.toml"));
}
