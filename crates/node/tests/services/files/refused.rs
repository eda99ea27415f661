//! Files that are not taken: nothing of them is applied, and the reason is told.

use liandong_wire::link::v1::ExportLinkRequest;
use tonic::Code;

use super::pair::{Pair, export, figures, import, key, links, trusts};
use crate::support::{TREE, dropouts, start, start_in};

async fn with_reports() -> (Pair, Vec<u8>) {
    let pair = Pair::start().await;
    pair.county
        .push(
            "march",
            vec![dropouts("371524-A", 3), dropouts("371524-C", 4)],
        )
        .await;
    let file = export(&pair.county, "371500", false).await;
    (pair, file)
}

#[tokio::test]
async fn every_changed_byte_is_noticed_and_nothing_of_the_file_is_applied() {
    let (pair, file) = with_reports().await;
    let before = pair.city_change().await;
    let mut refused = 0;
    for position in 0..file.len() {
        let mut changed = file.clone();
        changed[position] ^= 0x10;
        let status = import(&pair.city, &changed).await.expect_err("changed");
        assert!(
            matches!(
                status.code(),
                Code::InvalidArgument | Code::PermissionDenied | Code::NotFound
            ),
            "byte {position}: {status:?}"
        );
        refused += 1;
    }
    println!("{refused} bytes, each changed in turn: {refused} files refused");
    assert_eq!(refused, file.len());
    assert_eq!(pair.city_change().await, before, "nothing was applied");
    assert!(import(&pair.city, &file).await.expect("taken").applied > 0);
}

#[tokio::test]
async fn strangers_wrong_recipients_and_files_of_tomorrow_are_refused_with_a_reason() {
    let (pair, file) = with_reports().await;
    let before = pair.city_change().await;
    // A county that gives itself out for another.
    let more = format!(
        "[parent]\nregion = '371500'\nkey = '{}'\n",
        key(&pair.city).await
    );
    let impostor = start("371524", TREE, &more).await;
    let forged = export(&impostor, "371500", false).await;
    let status = import(&pair.city, &forged).await.expect_err("forged");
    assert_eq!(status.code(), Code::PermissionDenied);
    assert!(
        status.message().contains(&key(&pair.county).await),
        "{status:?}"
    );

    // A city that trusts nobody says which key it would have to trust.
    let city = start("371500", "", "").await;
    let status = import(&city, &file).await.expect_err("no key");
    assert_eq!(status.code(), Code::PermissionDenied);
    assert!(
        status.message().contains(&key(&pair.county).await),
        "{status:?}"
    );

    // Another city.
    let other = start("371700", "", &trusts(&pair.county, "371524").await).await;
    let status = import(&other, &file).await.expect_err("not for it");
    assert!(status.message().contains("371700"), "{status:?}");

    // A file for the county given to the county's own node.
    let status = import(&pair.county, &file).await.expect_err("its own");
    assert!(status.message().contains("371524"), "{status:?}");

    let mut newer = file.clone();
    newer[14] = b'2';
    let status = import(&pair.city, &newer).await.expect_err("newer");
    assert!(status.message().contains("format 2"), "{status:?}");
    let status = import(&pair.city, b"PK\x03\x04")
        .await
        .expect_err("no file");
    assert!(status.message().contains("no link file"), "{status:?}");
    import(&pair.city, b"").await.expect_err("nothing at all");
    let mut longer = file.clone();
    longer.extend(&file);
    import(&pair.city, &longer).await.expect_err("two at once");
    assert_eq!(pair.city_change().await, before, "nothing was applied");
    import(&pair.city, &file).await.expect("taken");
    assert_eq!(figures(&pair.city).await, figures(&pair.county).await);

    let asked = |peer: &str| ExportLinkRequest {
        peer: peer.to_owned(),
        ..ExportLinkRequest::default()
    };
    let stranger = links(&pair.city).export_link(asked("500243")).await;
    assert_eq!(
        stranger.expect_err("no peer").code(),
        Code::PermissionDenied
    );
    let nobody = links(&pair.city).export_link(asked("聊城")).await;
    assert_eq!(nobody.expect_err("no region").code(), Code::InvalidArgument);
}

#[tokio::test]
async fn a_key_that_was_changed_in_the_configuration_is_the_one_that_counts() {
    let (pair, file) = with_reports().await;
    let stranger = start("371525", "", "").await;
    let more = trusts(&stranger, "371524").await;
    let Pair { city, county } = pair;
    let dir = city.stop().await;
    let city = start_in(dir, "371500", "", &more).await;
    let status = import(&city, &file).await.expect_err("another key");
    assert_eq!(status.code(), Code::PermissionDenied);
    let more = trusts(&county, "371524").await;
    let city = start_in(city.stop().await, "371500", "", &more).await;
    import(&city, &file).await.expect("taken");
}
