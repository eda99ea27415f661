//! Data that is put back by hand and outgrows, in changes, what the other side holds of it before
//! anybody notices: its change numbers then name other changes than those that were told.

mod storms;

use liandong_wire::admin::v1::{GetStatusRequest, PartedPeer};
use liandong_wire::progress::v1::Report;
use liandong_wire::task::v1::{Action, Stage};

use super::{Backed, CITY, COUNTY, agree, copied, down, parted, push, restored, step, up};
use crate::files::pair::{assign, export, figures, import, stage, tasks, trusts};
use crate::support::{Running, Setup, TREE, dropouts, start_in};

/// The county's school A says a figure of another month, which no later one of March says over.
async fn push_april(county: &Running, id: &str, figure: i64) {
    let april = Report {
        period: "2025-04".to_owned(),
        ..dropouts("371524-A", figure)
    };
    county.push(id, vec![april]).await;
}

#[tokio::test]
async fn a_county_put_back_that_outgrew_what_its_city_holds_loses_no_figure() {
    for is_told_first in [false, true] {
        let backed = Backed::start().await;
        let Backed { city, county, .. } = &backed;
        push(county, "lost", 3..9).await;
        push_april(county, "lost April", 5).await;
        up(county, city).await;
        assert_eq!(city.sum(COUNTY).await, (9, 3));

        // Numbers that the city holds are used again, for another figure of April, and then many more.
        let copy = copied(backed.backup.path());
        let mut county = start_in(copy, COUNTY, TREE, &backed.more).await;
        push_april(&county, "after April", 4).await;
        push(&county, "after", 30..60).await;
        assert_eq!(county.sum(COUNTY).await, (60, 3));

        if is_told_first {
            let told = down(city, &county).await;
            assert!(told.copy, "{told:?}");
        } else {
            for _ in 0..2 {
                let taken = up(&county, city).await;
                assert!(taken.forked && taken.applied == 0, "{taken:?}");
                assert_eq!(city.sum(COUNTY).await, (9, 3));
                let status = county.admin().get_status(GetStatusRequest {}).await;
                let told = PartedPeer {
                    peer: COUNTY.to_owned(),
                    incarnation: status.expect("a status").into_inner().incarnation,
                    held_upto: taken.held,
                };
                assert_eq!(parted(city).await, [told]);
            }
            county = start_in(county.stop().await, COUNTY, TREE, &backed.more).await;
            let told = down(city, &county).await;
            assert!(told.copy && !told.forked, "{told:?}");
        }
        let taken = up(&county, city).await;
        assert!(!taken.forked, "{taken:?}");
        assert_eq!([parted(city).await, parted(&county).await], [[], []]);
        down(city, &county).await;
        up(&county, city).await;
        agree(city, &county, 60).await;
        assert_eq!(figures(city).await, figures(&county).await);
    }
}

#[tokio::test]
async fn a_city_put_back_that_outgrew_what_its_county_holds_loses_no_task_and_no_figure() {
    for is_told_first in [false, true] {
        let backed = Backed::start().await;
        let Backed { city, county, .. } = backed;
        let trusted = trusts(&county, COUNTY).await;
        let dir = city.stop().await;
        let backup = copied(dir.path());
        let city = start_in(dir, CITY, "", &trusted).await;
        for plan in ["plan-2", "plan-3"] {
            assign(&city, plan, COUNTY).await;
        }
        push(&county, "told", 3..9).await;
        up(&county, &city).await;
        down(&city, &county).await;
        step(&county, COUNTY, "plan-1", Action::Acknowledge).await;
        drop(city.stop().await);

        let mut city = start_in(copied(backup.path()), CITY, "", &trusted).await;
        for plan in ["plan-4", "plan-5", "plan-6", "plan-7", "plan-8"] {
            assign(&city, plan, COUNTY).await;
        }
        if is_told_first {
            let told = up(&county, &city).await;
            assert!(told.copy, "{told:?}");
        } else {
            let taken = down(&city, &county).await;
            assert!(taken.forked && taken.applied == 0, "{taken:?}");
            city = start_in(city.stop().await, CITY, "", &trusted).await;
            let told = up(&county, &city).await;
            assert!(told.copy && !told.forked, "{told:?}");
        }
        for _ in 0..2 {
            down(&city, &county).await;
            up(&county, &city).await;
        }
        for plan in ["plan-4", "plan-5", "plan-6", "plan-7", "plan-8"] {
            assert_eq!(stage(&county, plan).await, Stage::Assigned);
        }
        assert_eq!(stage(&city, "plan-1").await, Stage::Acknowledged);
        assert_eq!(tasks(&city).await, tasks(&county).await);
        agree(&city, &county, 9).await;
    }
}

#[tokio::test]
async fn files_that_are_lost_or_late_or_in_parts_are_no_other_history() {
    let backed = Backed::start().await;
    let Backed { city, county, .. } = &backed;
    let mut files = Vec::new();
    for figure in 10..18 {
        push(county, "more", figure..figure + 1).await;
        files.push(export(county, CITY, figure % 3 == 0).await);
    }
    for place in [3, 1, 6, 0, 6, 2, 5, 1] {
        let taken = import(city, &files[place]).await.expect("taken");
        assert!(!taken.forked && !taken.copy, "{place}: {taken:?}");
    }
    let told = down(city, county).await;
    assert!(!told.copy, "{told:?}");
    for file in &files {
        assert!(!import(city, file).await.expect("taken").forked);
    }
    agree(city, county, 18).await;
}

#[tokio::test]
async fn a_county_put_back_twice_from_one_copy_is_noticed_twice() {
    let backed = Backed::start().await;
    let Backed { city, county, .. } = &backed;
    push(county, "lost", 3..9).await;
    up(county, city).await;
    let mut figure = 20;
    for time in ["second", "third", "fourth"] {
        let copy = copied(backed.backup.path());
        let county = start_in(copy, COUNTY, TREE, &backed.more).await;
        push(&county, time, figure..figure + 10).await;
        figure -= 2;
        up(&county, city).await;
        let told = down(city, &county).await;
        assert!(told.copy, "{time}: {told:?}");
        for _ in 0..2 {
            up(&county, city).await;
            down(city, &county).await;
        }
        agree(city, &county, figure + 12).await;
        drop(county.stop().await);
    }
}

#[tokio::test]
async fn a_county_put_back_that_goes_on_for_long_is_noticed_all_the_same() {
    let backed = Backed::start().await;
    let Backed { city, county, .. } = &backed;
    push(county, "lost", 3..9).await;
    push_april(county, "lost April", 5).await;
    up(county, city).await;

    // More files than marks are kept of, so that none of both histories is left in the last of them.
    let copy = copied(backed.backup.path());
    let mut county = start_in(copy, COUNTY, TREE, &backed.more).await;
    push_april(&county, "after April", 4).await;
    push(&county, "after", 30..60).await;
    for round in 0..70 {
        push(&county, "later", 100 + round..101 + round).await;
        let taken = up(&county, city).await;
        assert!(taken.forked && taken.applied == 0, "{round}: {taken:?}");
    }
    county = start_in(county.stop().await, COUNTY, TREE, &backed.more).await;
    let more = trusts(&county, COUNTY).await;
    let city = start_in(backed.city.stop().await, CITY, "", &more).await;
    // Who missed what `link import` said is still told.
    assert_eq!(parted(&city).await.len(), 1);
    assert!(up(&county, &city).await.forked);
    assert_eq!(city.sum(COUNTY).await, (9, 3));

    let told = down(&city, &county).await;
    assert!(told.copy, "{told:?}");
    let taken = up(&county, &city).await;
    assert!(!taken.forked, "{taken:?}");
    let told = down(&city, &county).await;
    assert!(!told.copy, "{told:?}");
    up(&county, &city).await;
    agree(&city, &county, 170).await;
    assert_eq!(figures(&city).await, figures(&county).await);
}

#[tokio::test]
async fn a_county_put_back_whose_disk_is_full_is_noticed_and_another_is_taken() {
    let backed = Backed::start().await;
    let Backed { city, county, .. } = &backed;
    push(county, "more", 3..9).await;
    up(county, city).await;
    let full = |more| Setup {
        journal: "free_floor_mb = 1_000_000_000_000",
        ..Setup::new(COUNTY, TREE, more)
    };
    push_april(county, "April", 5).await;
    let data = copied(county.dir.path());
    let unmarked = full(&backed.more).start_in(data).await.expect("it starts");
    let taken = up(&unmarked, city).await;
    assert!(!taken.forked && taken.applied > 0, "{taken:?}");

    let copy = copied(backed.backup.path());
    let county = start_in(copy, COUNTY, TREE, &backed.more).await;
    push_april(&county, "after April", 4).await;
    push(&county, "after", 30..60).await;
    let county = full(&backed.more).start_in(county.stop().await).await;
    let taken = up(&county.expect("it starts"), city).await;
    assert!(taken.forked && taken.applied == 0, "{taken:?}");
}

#[tokio::test]
async fn where_no_file_goes_back_a_restore_of_what_was_put_back_is_taken() {
    let backed = Backed::start().await;
    let Backed { city, county, .. } = &backed;
    push(county, "lost", 3..9).await;
    push_april(county, "lost April", 5).await;
    up(county, city).await;

    let copy = copied(backed.backup.path());
    let county = start_in(copy, COUNTY, TREE, &backed.more).await;
    push_april(&county, "after April", 4).await;
    push(&county, "after", 30..60).await;
    for _ in 0..2 {
        assert!(up(&county, city).await.forked);
    }
    assert_eq!(parted(city).await.len(), 1);
    let again = restored(county.stop().await.path());
    let county = start_in(again, COUNTY, TREE, &backed.more).await;
    for _ in 0..2 {
        let taken = up(&county, city).await;
        assert!(!taken.forked && !taken.earlier_life, "{taken:?}");
        assert_eq!(parted(city).await, []);
        assert_eq!(city.sum(COUNTY).await, (60, 3));
        assert_eq!(figures(city).await, figures(&county).await);
    }
    push(&county, "later", 61..62).await;
    assert!(!up(&county, city).await.forked);
    assert_eq!(city.sum(COUNTY).await, (62, 3));
}
