//! The configuration file.

use crate::drivers::{ActuatorConfig, MeterConfig};
use anyhow::{bail, ensure, Context};
use loadstone_core::{AreaId, DeviceId, ResourceId};
use loadstone_load_core::Config as CoreConfig;
use loadstone_load_store::Lock;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// A load node's configuration (TOML). Relative paths are relative to the file's own folder.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Shown in logs.
    pub name: String,
    /// Number of the device in the registry.
    pub device: u32,
    /// Number of the resource that it meters.
    pub resource: u32,
    /// Area whose orders it follows.
    pub area: u16,
    /// Raw chain specification (JSON), the same that the validators run.
    pub chain_spec: PathBuf,
    /// libp2p addresses that take the place of the specification's boot nodes.
    #[serde(default)]
    pub bootnodes: Vec<String>,
    /// Secret key, made by `key generate`.
    pub key_file: PathBuf,
    /// Folder of the node's own ledger.
    pub store: PathBuf,
    /// What unlocks the ledger's values; without it, they are not sealed.
    #[serde(default)]
    pub lock: Option<Lock>,
    /// Gateways for units (ws://host:port), each of another owner.
    pub gateways: Vec<String>,
    /// Readings in a unit while no order runs, 1 to 60.
    #[serde(default = "readings_per_unit")]
    pub readings_per_unit: u16,
    /// Greatest age of an open unit's first reading, in milliseconds.
    #[serde(default = "max_unit_age_ms")]
    pub max_unit_age_ms: u32,
    /// Distance between readings, in milliseconds.
    #[serde(default = "interval_ms")]
    pub interval_ms: u32,
    /// The chain's heartbeat while an order is in force, in milliseconds.
    #[serde(default = "heartbeat_ms")]
    pub heartbeat_ms: u32,
    /// The same while none is.
    #[serde(default = "rest_ms")]
    pub rest_ms: u32,
    /// How often the current order is read without a notice, in milliseconds.
    #[serde(default = "refresh_ms")]
    pub refresh_ms: u32,
    /// How long a unit may stay unconfirmed before it is sent again, in milliseconds.
    #[serde(default = "resend_after_ms")]
    pub resend_after_ms: u32,
    /// How long an order is held without a verified head before the load is let go, in milliseconds; 0: to its end.
    #[serde(default = "dead_man_ms")]
    pub dead_man_ms: u32,
    /// Event log (JSON lines); `--events` takes its place.
    #[serde(default)]
    pub events_log: Option<PathBuf>,
    /// The meter.
    pub meter: MeterConfig,
    /// The actuator.
    pub actuator: ActuatorConfig,
    /// The file's own folder.
    #[serde(skip)]
    pub folder: PathBuf,
}

fn readings_per_unit() -> u16 {
    60
}

fn max_unit_age_ms() -> u32 {
    5_000
}

fn interval_ms() -> u32 {
    1_000
}

fn heartbeat_ms() -> u32 {
    2_000
}

fn rest_ms() -> u32 {
    20_000
}

fn refresh_ms() -> u32 {
    10_000
}

fn resend_after_ms() -> u32 {
    2_000
}

fn dead_man_ms() -> u32 {
    300_000
}

impl Config {
    /// Reads and checks a configuration file.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::parse(&text, folder).with_context(|| format!("configuration {}", path.display()))
    }

    fn parse(text: &str, folder: &Path) -> anyhow::Result<Self> {
        let mut config: Self = toml::from_str(text)?;
        config.folder = folder.to_owned();
        for path in [&mut config.chain_spec, &mut config.key_file, &mut config.store] {
            *path = folder.join(&path);
        }
        config.lock = config.lock.map(|lock| lock.in_folder(folder));
        config.events_log = config.events_log.map(|path| folder.join(path));
        for url in &config.gateways {
            ensure!(url.starts_with("ws://"), "gateway {url:?} must start with ws://");
        }
        config.core().check()?;
        Ok(config)
    }

    /// What the state machine is told.
    pub fn core(&self) -> CoreConfig {
        CoreConfig {
            device: DeviceId(self.device),
            resource: ResourceId(self.resource),
            area: AreaId(self.area),
            interval_ms: self.interval_ms,
            readings_per_unit: self.readings_per_unit,
            max_unit_age_ms: self.max_unit_age_ms,
            heartbeat_ms: self.heartbeat_ms,
            rest_ms: self.rest_ms,
            refresh_ms: self.refresh_ms,
            resend_after_ms: self.resend_after_ms,
            dead_man_ms: self.dead_man_ms,
            gateways: self.gateways.len(),
        }
    }

    /// The chain specification, with the boot nodes of this configuration where it names any.
    pub fn chain_spec(&self) -> anyhow::Result<String> {
        let path = &self.chain_spec;
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        if self.bootnodes.is_empty() {
            return Ok(text);
        }
        let mut spec: serde_json::Value =
            serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))?;
        match spec.as_object_mut() {
            Some(fields) => fields.insert("bootNodes".into(), self.bootnodes.clone().into()),
            None => bail!("{} is not a chain specification", path.display()),
        };
        Ok(spec.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        name = "load-03"
        device = 3
        resource = 3
        area = 1
        chain_spec = "spec.json"
        key_file = "key"
        store = "store"
        gateways = ["ws://127.0.0.1:9000", "ws://127.0.0.1:9001"]
        readings_per_unit = 5
        [meter]
        driver = "replay"
        file = "loads.csv"
        column = "load_03_w"
        speed = 60
        [actuator]
        driver = "ramp"
        ramp_w_per_s = 800
        response_delay_ms = 400
    "#;

    #[test]
    fn a_short_file_gets_defaults_and_its_folder() {
        // GIVEN a file with what must be there WHEN it is read
        let config = Config::parse(GOOD, Path::new("/etc/loadstone")).unwrap();
        // THEN defaults fill the rest and paths start at its folder
        assert_eq!(config.store, Path::new("/etc/loadstone/store"));
        assert_eq!((config.heartbeat_ms, config.max_unit_age_ms, config.readings_per_unit), (2_000, 5_000, 5));
        let MeterConfig::Replay(meter) = &config.meter;
        assert_eq!((meter.speed, meter.scale_w), (60.0, 1.0));
    }

    #[test]
    fn a_lock_is_a_passphrase_a_key_file_or_a_command() {
        // GIVEN each lock WHEN it is read THEN paths start at the file's folder
        for (text, lock) in [
            (r#"passphrase_file = "words""#, Lock::PassphraseFile("/etc/words".into())),
            (r#"key_file = "/run/key""#, Lock::KeyFile("/run/key".into())),
            (r#"command = ["tpm2", "unseal"]"#, Lock::Command(vec!["tpm2".into(), "unseal".into()])),
        ] {
            let text = GOOD.replace("[meter]", &format!("lock = {{ {text} }}\n[meter]"));
            assert_eq!(Config::parse(&text, Path::new("/etc")).unwrap().lock, Some(lock));
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (from, to, reason) in [
            ("readings_per_unit = 5", "readings_per_unit = 61", "1 to 60"),
            ("readings_per_unit = 5", "reading_per_unit = 5", "reading_per_unit"),
            ("ws://127.0.0.1:9000", "http://127.0.0.1:9000", "ws://"),
            ("speed = 60", "sped = 60", "sped"),
        ] {
            let error = format!("{:#}", Config::parse(&GOOD.replace(from, to), Path::new("")).unwrap_err());
            assert!(error.contains(reason), "{error}");
        }
    }
}
