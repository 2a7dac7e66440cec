//! One backup or restore by kafka-backup-core, as its configuration file says, and nothing else:
//! kafka-backup-peer CONFIG.yaml

use kafka_backup_core::{backup::BackupEngine, config::Mode, Config, RestoreEngine};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: kafka-backup-peer CONFIG.yaml")?;
    let (config, unknown) = Config::from_yaml_with_warnings(&std::fs::read_to_string(path)?)?;
    if !unknown.is_empty() {
        return Err(format!("unknown keys: {}", unknown.join(", ")).into());
    }
    match config.mode {
        Mode::Backup => BackupEngine::new(config).await?.run().await?,
        Mode::Restore => {
            let report = RestoreEngine::new(config)?.run().await?;
            if !report.errors.is_empty() {
                return Err(report.errors.join("; ").into());
            }
        }
    }
    Ok(())
}
