//! A node that was set back: found by comparing with its peers, and healed.

use anyhow::{Result, ensure};
use liandong_tests::figures::{DROPOUTS, arrives, count, push, push_new, sums_in};
use liandong_tests::settings::school;
use liandong_tests::wait::eventually;

use super::{CITY, COUNTY, Mesh, ask, ask_for_facts, printed, run, text};

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn what_came_after_the_backup_is_listed_above_until_it_is_reported_again() -> Result<()> {
    let mut mesh = Mesh::start().await?;
    let (first, second) = (school(COUNTY, 1), school(COUNTY, 2));
    push_new(&mesh.county, "1", vec![count(&first, 3)]).await?;
    arrives(&mesh.city, COUNTY, DROPOUTS, 3, 1).await?;
    mesh.back_up().await?;
    let lost = "after-the-backup";
    push_new(&mesh.county, lost, vec![count(&second, 4)]).await?;
    arrives(&mesh.city, COUNTY, DROPOUTS, 7, 2).await?;

    mesh.county.kill()?;
    let (data, backup) = (mesh.data(), mesh.backup());
    std::fs::rename(&data, mesh.county.path("lost"))?;
    let words = ["restore", "--from", text(&backup)?, "--data", text(&data)?];
    let restored = run("en", &words).await?;
    ensure!(restored.status.success(), "{}", printed(&restored));
    mesh.county.resume().await?;
    // What the county is asked, it answers from what it has; the city goes by its owner.
    arrives(&mesh.city, COUNTY, DROPOUTS, 3, 1).await?;
    push_new(&mesh.county, lost, vec![count(&second, 4)]).await?;
    arrives(&mesh.city, COUNTY, DROPOUTS, 7, 2).await?;
    mesh.fits().await
}

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn what_nobody_reports_again_is_taken_back() -> Result<()> {
    let mut mesh = Mesh::start().await?;
    let (first, second) = (school(COUNTY, 1), school(COUNTY, 2));
    push_new(&mesh.county, "1", vec![count(&first, 3)]).await?;
    arrives(&mesh.city, COUNTY, DROPOUTS, 3, 1).await?;
    mesh.back_up().await?;
    let mut mistaken = count(&second, 40);
    mistaken.period = "2025-05".to_owned();
    push_new(&mesh.county, "after-the-backup", vec![mistaken]).await?;
    eventually("the city counts May", async || {
        Ok((may(&mesh).await? == (40, 1)).then_some(()))
    })
    .await?;

    mesh.county.kill()?;
    let (data, backup) = (mesh.data(), mesh.backup());
    std::fs::rename(&data, mesh.county.path("lost"))?;
    let words = ["restore", "--from", text(&backup)?, "--data", text(&data)?];
    let restored = run("en", &words).await?;
    ensure!(restored.status.success(), "{}", printed(&restored));
    mesh.county.resume().await?;
    let taken = eventually("the county knows what it lost", async || {
        ask(&mesh.county, &["verify", "--only", "peers"]).await?;
        let taken = ask_for_facts(&mesh.county, &["rollup", "withdraw", "--lost"]).await?;
        let is_none = taken.as_array().is_none_or(Vec::is_empty);
        Ok((!is_none).then_some(taken))
    })
    .await?;
    let taken = taken.to_string();
    ensure!(
        taken.contains(COUNTY) && taken.contains("2025-05"),
        "{taken}"
    );
    eventually("the city no longer counts May", async || {
        Ok((may(&mesh).await? == (0, 0)).then_some(()))
    })
    .await?;
    // What it has is corrected, not taken back.
    let words = [
        "rollup",
        "withdraw",
        "--indicator",
        DROPOUTS,
        "--period",
        "2025-03",
    ];
    let refused = ask(&mesh.county, &words).await?;
    ensure!(!refused.status.success(), "{}", printed(&refused));
    ensure!(
        printed(&refused).contains("correct it by a report"),
        "{}",
        printed(&refused)
    );
    mesh.fits().await
}

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn a_folder_that_was_copied_back_is_noticed_and_healed() -> Result<()> {
    let mut mesh = Mesh::start().await?;
    let (first, second) = (school(COUNTY, 1), school(COUNTY, 2));
    push_new(&mesh.county, "1", vec![count(&first, 3)]).await?;
    arrives(&mesh.city, COUNTY, DROPOUTS, 3, 1).await?;
    let (status, _) = mesh.county.terminate().await?;
    ensure!(status.success(), "{status}");
    let (data, old) = (mesh.data(), mesh.county.path("old"));
    copy(&data, &old)?;
    mesh.county.resume().await?;
    push_new(&mesh.county, "2", vec![count(&second, 4)]).await?;
    arrives(&mesh.city, COUNTY, DROPOUTS, 7, 2).await?;

    // Somebody puts the old folder back instead of restoring: the identity is the same.
    mesh.county.kill()?;
    std::fs::rename(&data, mesh.county.path("newer"))?;
    std::fs::rename(&old, &data)?;
    mesh.county.resume().await?;
    push(&mesh.county, "3", vec![count(&first, 9)]).await?;
    let verified = eventually("the city compares with the county", async || {
        let output = ask(&mesh.city, &["verify", "--only", "peers"]).await?;
        let compared = output.status.code() != Some(3);
        Ok(compared.then_some(output))
    });
    println!("measured: the city says {}", printed(&verified.await?));
    // In the end the city holds what the county reports, and what is gone is listed there.
    arrives(&mesh.city, COUNTY, DROPOUTS, 9, 1).await?;
    let listed = eventually("the city lists what went back", async || {
        let listed = mesh.city.status().await?.quarantined;
        Ok(listed.into_iter().find(|line| line.reason == "WENT_BACK"))
    });
    let listed = listed.await?;
    ensure!(listed.message.contains("numerator 7"), "{listed:?}");
    push_new(&mesh.county, "4", vec![count(&second, 4)]).await?;
    arrives(&mesh.city, COUNTY, DROPOUTS, 13, 2).await?;
    mesh.see_to_what_went_back().await?;
    mesh.fits().await?;
    let facts = ask_for_facts(&mesh.city, &["status"]).await?;
    ensure!(facts["region"] == CITY, "{facts}");
    Ok(())
}

/// What the city counts of May, and how many units reported it.
async fn may(mesh: &Mesh) -> Result<(i64, u32)> {
    let client = mesh.city.client().await?;
    let sums = sums_in(&client, CITY, DROPOUTS, "2025-05").await?;
    Ok((sums.numerator, sums.reported))
}

fn copy(from: &std::path::Path, to: &std::path::Path) -> Result<()> {
    std::fs::create_dir(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
