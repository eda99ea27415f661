//! Which data directory a command of the operator is about.

use std::path::PathBuf;

use clap::Args;
use liandong_node::config::Config;

use crate::failure::Failure;

/// Names a data directory: as it is, or by the configuration of its node.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Place {
    /// 数据目录 || The data folder
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// 节点的配置文件，数据目录写在其中 || The node's configuration, which names the data folder
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// A data directory and the second copy of its journal.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) data: PathBuf,
    /// Known only from a configuration that has one.
    pub(crate) mirror: Option<PathBuf>,
    /// The folder of the node's own certificate; likewise.
    pub(crate) identity: Option<PathBuf>,
}

impl Place {
    pub(super) fn of(data: Option<PathBuf>, config: Option<PathBuf>) -> Self {
        Self { data, config }
    }

    /// The directory that was named.
    pub(crate) fn named(&self) -> Result<Named, Failure> {
        match (&self.data, &self.config) {
            (Some(data), _) => Ok(Named {
                data: data.clone(),
                mirror: None,
                identity: None,
            }),
            (None, Some(path)) => {
                let config = Config::load(path).map_err(Failure::Config)?;
                Ok(Named {
                    data: config.data,
                    mirror: config.mirror,
                    identity: config.identity,
                })
            }
            // The group asks for one of them.
            (None, None) => Ok(Named {
                data: PathBuf::new(),
                mirror: None,
                identity: None,
            }),
        }
    }
}
