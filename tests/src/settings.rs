//! How a node is set up: its `node.toml` and its tree.

use std::fmt::Write;
use std::net::SocketAddr;

use crate::node::Node;

/// Where the node's own certificate is, in its folder.
pub(crate) const IDENTITY: &str = "identity";

/// What a node is told when it starts.
#[derive(Clone, Debug)]
pub struct Settings {
    region: String,
    hosts: Vec<String>,
    children: Vec<String>,
    parent: Option<(String, String)>,
    partners: Vec<(String, Option<String>)>,
    tree: String,
    otlp: Option<String>,
    sections: String,
    plain: bool,
}

impl Settings {
    /// A node of a region, without parent, partner or tree.
    pub fn new(region: &str) -> Self {
        Self {
            region: region.to_owned(),
            hosts: Vec::new(),
            children: Vec::new(),
            parent: None,
            partners: Vec::new(),
            tree: "code,name,parent,level,kind\n".to_owned(),
            otlp: None,
            sections: String::new(),
            plain: false,
        }
    }

    /// Without certificates, in plain text: where a test is about plain text, or reads or writes
    /// what is on the line itself.
    #[must_use]
    pub fn plain(mut self) -> Self {
        self.plain = true;
        self
    }

    /// Whether the node speaks in plain text.
    pub fn is_plain(&self) -> bool {
        self.plain
    }

    /// The region.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Hosts another region as well.
    #[must_use]
    pub fn host(mut self, region: &str) -> Self {
        self.hosts.push(region.to_owned());
        self
    }

    /// Admits the node of a region below that stands in no tree here.
    #[must_use]
    pub fn child(mut self, region: &str) -> Self {
        self.children.push(region.to_owned());
        self
    }

    /// Dials a node above.
    #[must_use]
    pub fn parent(self, node: &Node) -> Self {
        self.parent_at(node.region(), &node.url())
    }

    /// Dials a region's node above at an address that is not the node's own.
    #[must_use]
    pub fn parent_at(mut self, region: &str, url: &str) -> Self {
        self.parent = Some((region.to_owned(), url.to_owned()));
        self
    }

    /// Is paired with a node, and dials it.
    #[must_use]
    pub fn dial_partner(mut self, node: &Node) -> Self {
        self.partners
            .push((node.region().to_owned(), Some(node.url())));
        self
    }

    /// Is paired with a region, and waits for it to dial.
    #[must_use]
    pub fn expect_partner(mut self, region: &str) -> Self {
        self.partners.push((region.to_owned(), None));
        self
    }

    /// Puts a region into the bureau's own tree.
    #[must_use]
    pub fn below(mut self, parent: &str, code: &str, level: &str, kind: &str) -> Self {
        // Writing to a text does not fail.
        let _ = writeln!(self.tree, "{code},单位 {code},{parent},{level},{kind}");
        self
    }

    /// Puts primary schools below a region: `371524-001` and so on.
    #[must_use]
    pub fn schools(mut self, parent: &str, count: usize) -> Self {
        for number in 1..=count {
            self = self.below(parent, &school(parent, number), "unit", "primary-school");
        }
        self
    }

    /// Exports spans.
    #[must_use]
    pub fn otlp(mut self, address: SocketAddr) -> Self {
        self.otlp = Some(format!("http://{address}"));
        self
    }

    /// Adds a section of `node.toml` as it is.
    #[must_use]
    pub fn section(mut self, text: &str) -> Self {
        self.sections.push_str(text);
        self.sections.push('\n');
        self
    }

    /// The bureau's own tree, as CSV.
    pub(crate) fn tree(&self) -> &str {
        &self.tree
    }

    /// The whole `node.toml`.
    pub(crate) fn node_toml(&self, listen: SocketAddr) -> String {
        let mut text = format!(
            "region = {:?}\nhosts = {:?}\nchildren = {:?}\ndata = \"data\"\nlisten = \"{listen}\"\n\
             tree = [\"tree.csv\"]\n",
            self.region, self.hosts, self.children,
        );
        if !self.plain {
            let _ = write!(text, "[identity]\nfolder = {IDENTITY:?}\n");
        }
        if let Some((region, address)) = &self.parent {
            let _ = write!(
                text,
                "[parent]\nregion = {region:?}\naddress = {address:?}\n"
            );
        }
        for (region, address) in &self.partners {
            let _ = write!(text, "[[partner]]\nregion = {region:?}\n");
            if let Some(address) = address {
                let _ = writeln!(text, "address = {address:?}");
            }
        }
        if let Some(endpoint) = &self.otlp {
            let _ = write!(text, "[otlp]\nendpoint = {endpoint:?}\n");
        }
        text.push_str("[log]\nformat = \"json\"\n");
        text.push_str(&self.sections);
        text
    }
}

/// The code of a school below a region, as [`Settings::schools`] makes it.
pub fn school(parent: &str, number: usize) -> String {
    format!("{parent}-{number:03}")
}
