//! Asking a node: as its administrator, and what every test asks at its end.

use anyhow::{Result, ensure};
use liandong_client::wire::admin::v1::{
    GetStatusRequest, GetStatusResponse, VerifyPart, VerifyResult,
};
use liandong_client::{Client, ClientError, ConnectOptions};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{ADMIN, Node};
use crate::wait;

impl Node {
    /// Where the node listens, for a client.
    pub fn url(&self) -> String {
        let scheme = if self.settings.is_plain() {
            "http"
        } else {
            "https"
        };
        format!("{scheme}://{}", self.address)
    }

    /// How its administrator speaks to it.
    pub fn options(&self) -> ConnectOptions {
        ConnectOptions {
            credentials: self.admin.clone(),
            insecure_loopback: self.admin.is_none(),
            ..ConnectOptions::default()
        }
    }

    /// The words of the command line by which its administrator asks it.
    pub fn asked(&self) -> Vec<String> {
        let mut words = vec!["--node".to_owned(), self.url()];
        if self.settings.is_plain() {
            words.push("--insecure-loopback".to_owned());
        } else {
            words.push("--identity".to_owned());
            words.push(self.path(ADMIN).display().to_string());
        }
        words
    }

    /// A new connection to the node.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn client(&self) -> Result<Client> {
        Ok(self.dial().await?)
    }

    /// A new connection to the node, or why there is none.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn dial(&self) -> Result<Client, ClientError> {
        let address = self.url().parse();
        let address = address.map_err(|_| ClientError::Unreachable {
            address: self.url(),
            cause: "not an address".to_owned(),
        })?;
        Client::connect_with(&address, self.options()).await
    }

    /// What the node says of itself.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn status(&self) -> Result<GetStatusResponse> {
        let admin = self.client().await?.admin();
        Ok(admin.get_status(GetStatusRequest {}).await?)
    }

    /// Recounts every cell of the node and reads its whole journal; nothing may differ. Returns how
    /// many cells were recounted.
    ///
    /// # Errors
    /// When the node does not answer, or a recount differs.
    pub async fn recount(&self) -> Result<u64> {
        let parts = [VerifyPart::Journal, VerifyPart::State, VerifyPart::Cells];
        let verified = self
            .client()
            .await?
            .admin()
            .verify_patiently(&parts)
            .await?;
        for part in &verified.parts {
            ensure!(
                part.result() == VerifyResult::Fits,
                "{} does not fit: {part:?}",
                self.region()
            );
        }
        let mismatches = verified.mismatches;
        ensure!(
            mismatches.is_empty(),
            "{} recounts differently: {mismatches:?}",
            self.region()
        );
        ensure!(
            verified.journal_frames_checked > 0,
            "{} has no journal",
            self.region()
        );
        let quarantined = self.status().await?.quarantined;
        ensure!(
            quarantined.is_empty(),
            "{} set aside {quarantined:?}",
            self.region()
        );
        Ok(verified.cells_checked)
    }

    /// A page of the node, with its headers.
    ///
    /// # Errors
    /// When the node does not answer.
    pub async fn page(&self, path: &str) -> Result<String> {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.address
        );
        match &self.admin {
            Some(admin) => said(admin.line(&self.url().parse()?).await?, &request).await,
            None => said(TcpStream::connect(self.address).await?, &request).await,
        }
    }
}

/// What is answered to a request on a line of its own.
async fn said(mut line: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> Result<String> {
    line.write_all(request.as_bytes()).await?;
    line.flush().await?;
    let mut answer = Vec::new();
    tokio::time::timeout(wait::PATIENCE, line.read_to_end(&mut answer)).await??;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
