//! A county that is restored, or put back without a restore, and whose city it reaches by files.

mod outgrown;
mod seen;

use std::fs;
use std::path::Path;

use liandong_wire::admin::v1::{GetStatusRequest, PartedPeer, QuarantinedChange};
use liandong_wire::link::v1::ImportLinkResponse;
use liandong_wire::task::v1::{Action, Stage};
use tempfile::TempDir;

use super::pair::{Pair, assign, export, import, key, stage, step};
use crate::support::{Running, TREE, dropouts, start_in, until};

const CITY: &str = "371500";
const COUNTY: &str = "371524";

/// A county's journal and its key, as they are put where it begins anew.
fn restored(backup: &Path) -> TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    let (from, data) = (backup.join("data"), dir.path().join("data"));
    copy(&from.join("journal"), &data.join("journal"));
    fs::copy(from.join("link-key"), data.join("link-key")).expect("the key");
    dir
}

/// All of a county's data, as a machine's snapshot holds it.
fn copied(of: &Path) -> TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    copy(&of.join("data"), &dir.path().join("data"));
    dir
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

async fn up(county: &Running, city: &Running) -> ImportLinkResponse {
    let file = export(county, CITY, false).await;
    import(city, &file).await.expect("taken")
}

async fn down(city: &Running, county: &Running) -> ImportLinkResponse {
    let file = export(city, COUNTY, false).await;
    import(county, &file).await.expect("taken")
}

async fn push(county: &Running, life: &str, figures: std::ops::Range<i64>) {
    for figure in figures {
        let id = format!("{life} {figure}");
        county.push(&id, vec![dropouts("371524-A", figure)]).await;
    }
}

/// Figures that a city lists as gone back.
async fn went_back(city: &Running) -> Vec<QuarantinedChange> {
    let status = city.admin().get_status(GetStatusRequest {}).await;
    let listed = status.expect("a status").into_inner().quarantined;
    let figures = listed.into_iter().filter(|one| one.reason == "WENT_BACK");
    figures.collect()
}

/// Peers of whose files a node says that it takes nothing.
async fn parted(node: &Running) -> Vec<PartedPeer> {
    let status = node.admin().get_status(GetStatusRequest {}).await;
    status.expect("a status").into_inner().parted
}

/// Says whether the county's loss of one figure for another is listed.
async fn is_listed(city: &Running, before: i64, now: i64) -> bool {
    let listed = went_back(city).await;
    listed.iter().any(|one| {
        let message = &one.message;
        one.owner == COUNTY
            && message.contains(&format!("numerator {before}, denominator 0"))
            && message.contains(&format!("numerator {now}, denominator 0"))
    })
}

/// A county that has said what there is, and what it was then.
struct Backed {
    city: Running,
    county: Running,
    backup: TempDir,
    /// The county's configuration, without a line.
    more: String,
}

impl Backed {
    async fn start() -> Self {
        let Pair { city, county } = Pair::start().await;
        assign(&city, "plan-1", COUNTY).await;
        push(&county, "first", 2..3).await;
        county.push("C", vec![dropouts("371524-C", 1)]).await;
        down(&city, &county).await;
        up(&county, &city).await;
        let more = format!(
            "[parent]\nregion = '{CITY}'\nkey = '{}'\n",
            key(&city).await
        );
        let dir = county.stop().await;
        let backup = copied(dir.path());
        let county = start_in(dir, COUNTY, TREE, &more).await;
        Self {
            city,
            county,
            backup,
            more,
        }
    }

    /// The county as the backup has it.
    async fn again(&self) -> Running {
        start_in(restored(self.backup.path()), COUNTY, TREE, &self.more).await
    }
}

/// Both hold the same, the recount finds nothing, and no file changes anything any more.
async fn agree(city: &Running, county: &Running, figure: i64) {
    assert_eq!(county.sum(COUNTY).await, (figure, 3));
    for region in [COUNTY, "371524001", CITY] {
        let below = if region == CITY { COUNTY } else { region };
        assert_eq!(
            city.sum(region).await.0,
            county.sum(below).await.0,
            "{region}"
        );
    }
    city.verify().await;
    county.verify().await;
    for _ in 0..2 {
        let again = down(city, county).await;
        assert!(
            !again.told_again && !again.copy && again.taken_back == 0,
            "{again:?}"
        );
        let again = up(county, city).await;
        assert!(!again.answer_wanted && !again.gap, "{again:?}");
    }
}

#[tokio::test]
async fn a_county_restored_twice_from_one_backup_is_told_right_by_files() {
    for by_line in [false, true] {
        let backed = Backed::start().await;
        let Backed { city, county, .. } = &backed;
        push(county, "lost", 3..6).await;
        up(county, city).await;

        // The first life after the backup tells more than the second will.
        let more = if by_line {
            let address = city.node.address();
            backed
                .more
                .replace("key", &format!("address = 'http://{address}'\nkey"))
        } else {
            backed.more.clone()
        };
        let first = start_in(restored(backed.backup.path()), COUNTY, TREE, &more).await;
        push(&first, "a", 10..20).await;
        step(&first, COUNTY, "plan-1", Action::Acknowledge).await;
        step(&first, COUNTY, "plan-1", Action::Complete).await;
        let late = export(&first, CITY, false).await;
        if by_line {
            until("the line carries it", async || {
                let is_there = city.sum(COUNTY).await == (20, 3)
                    && stage(city, "plan-1").await == Stage::Completed;
                is_there.then_some(())
            })
            .await;
        } else {
            let taken = import(city, &late).await.expect("taken");
            assert!(taken.applied > 0);
        }
        assert_eq!(city.sum(COUNTY).await, (20, 3));
        drop(first.stop().await);

        let second = backed.again().await;
        push(&second, "b", 7..8).await;
        let early = export(&second, CITY, false).await;
        let taken = import(city, &early).await.expect("taken");
        assert!(taken.answer_wanted, "{taken:?}");
        let answer = export(city, COUNTY, false).await;
        let told = import(&second, &answer).await.expect("taken");
        assert!(told.told_again && told.taken_back == 1, "{told:?}");
        let taken = up(&second, city).await;
        assert!(!taken.answer_wanted, "{taken:?}");
        assert_eq!(stage(&second, "plan-1").await, Stage::Completed);
        assert_eq!(stage(city, "plan-1").await, Stage::Completed);
        assert!(is_listed(city, 20, 8).await, "{:?}", went_back(city).await);
        agree(city, &second, 8).await;

        // Whatever comes once more changes nothing.
        for file in [&late, &early, &late] {
            import(city, file).await.expect("taken");
        }
        import(&second, &answer).await.expect("taken");
        agree(city, &second, 8).await;
        push(&second, "b", 30..31).await;
        up(&second, city).await;
        agree(city, &second, 31).await;
    }
}

#[tokio::test]
async fn what_comes_late_of_a_life_that_ended_does_not_stay() {
    let backed = Backed::start().await;
    let city = &backed.city;
    let first = backed.again().await;
    push(&first, "a", 10..20).await;
    let late = export(&first, CITY, false).await;
    drop(first.stop().await);
    let mut second = backed.again().await;
    push(&second, "b", 7..8).await;
    up(&second, city).await;
    down(city, &second).await;
    up(&second, city).await;
    agree(city, &second, 8).await;

    push(&second, "b", 8..9).await;
    let taken = import(city, &late).await.expect("taken");
    assert!(taken.earlier_life, "{taken:?}");
    // The county is restarted in between: what it has to act on is in the file.
    second = start_in(second.stop().await, COUNTY, TREE, &backed.more).await;
    down(city, &second).await;
    up(&second, city).await;
    agree(city, &second, 9).await;
}

#[tokio::test]
async fn what_the_city_holds_of_earlier_lives_survives_its_restart() {
    let backed = Backed::start().await;
    let first = backed.again().await;
    push(&first, "a", 10..20).await;
    up(&first, &backed.city).await;
    drop(first.stop().await);
    let second = backed.again().await;
    push(&second, "b", 7..8).await;
    let taken = up(&second, &backed.city).await;
    assert!(taken.answer_wanted, "{taken:?}");
    let more = super::pair::trusts(&second, COUNTY).await;
    let city = start_in(backed.city.stop().await, CITY, "", &more).await;
    let told = down(&city, &second).await;
    assert!(told.told_again, "{told:?}");
    up(&second, &city).await;
    let city = start_in(city.stop().await, CITY, "", &more).await;
    assert!(
        is_listed(&city, 20, 8).await,
        "{:?}",
        went_back(&city).await
    );
    agree(&city, &second, 8).await;
}

#[tokio::test]
async fn data_that_was_put_back_without_a_restore_is_noticed_by_files() {
    let backed = Backed::start().await;
    let Backed { city, county, .. } = &backed;
    push(county, "lost", 3..9).await;
    up(county, city).await;
    assert_eq!(city.sum(COUNTY).await, (9, 3));

    let copy = copied(backed.backup.path());
    let county = start_in(copy, COUNTY, TREE, &backed.more).await;
    push(&county, "after", 5..6).await;
    up(&county, city).await;
    let told = down(city, &county).await;
    assert!(told.copy && told.told_again, "{told:?}");
    up(&county, city).await;
    assert!(is_listed(city, 9, 6).await, "{:?}", went_back(city).await);
    agree(city, &county, 6).await;
}
