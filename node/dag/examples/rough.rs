//! Rough figures.
use loadstone_core::{Millis, Watts};
use loadstone_dag_node::{testing::*, *};
use std::time::{Duration, Instant};
fn cpu() -> f64 {
    let s = std::fs::read_to_string("/proc/self/stat").unwrap();
    let f: Vec<&str> = s.rsplit(')').next().unwrap().split_whitespace().collect();
    (f[11].parse::<f64>().unwrap() + f[12].parse::<f64>().unwrap()) / 100.0
}
#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let args: Vec<u64> = std::env::args().skip(1).map(|a| a.parse().unwrap()).collect();
    let (devices, per, readings, gateways) = (args[0] as u32, args[1], args[2] as usize, args[3] as usize);
    let cluster = Cluster::new(4, 4);
    (1..=devices).for_each(|d| cluster.chain.register(d));
    let t = cpu();
    let mut all: Vec<Vec<loadstone_dag::Unit>> = Vec::new();
    for d in 1..=devices {
        let k = key(d);
        let mut prev = Default::default();
        let mut units = Vec::new();
        for s in 0..per {
            let r: Vec<_> = (0..readings).map(|i| (Watts(400 + ((i * 7 + d as usize + s as usize * 3) % 13) as i64), true)).collect();
            let u = unit_of(&k, d, s, prev, Millis(1_700_000_000_000 + s * 1000 * readings as u64), &r);
            prev = unit_id(&u);
            units.push(u);
        }
        all.push(units);
    }
    let total = devices as u64 * per;
    eprintln!("signed {total} in {:.2}s cpu", cpu() - t);
    let items: Vec<_> = all.iter().flatten().take(8192).map(|u| (key(u.content.slot.device.0).public(), u.content.payload(&GENESIS).as_bytes().to_vec(), u.signature)).collect();
    let t = cpu();
    let b: Vec<_> = items.iter().map(|(k, m, s)| loadstone_evidence::sign::Signed { key: k, message: m, signature: s }).collect();
    assert!(loadstone_evidence::sign::verify_batch(&b).is_ok());
    let verify = (cpu() - t) / b.len() as f64 * 1e6;
    eprintln!("verify {verify:.1} us a unit");
    let dir = std::path::PathBuf::from("/tmp/rough"); let _ = std::fs::remove_dir_all(&dir);
    let mut nodes = vec![];
    for i in 0..4u8 {
        let f = dir.join(i.to_string()); std::fs::create_dir_all(&f).unwrap();
        nodes.push(cluster.start(i, &f, |c| { c.device_rate = Rate { per_second: 1_000_000, burst: 1_000_000 }; }).await);
    }
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let (t, w) = (cpu(), Instant::now());
    let clients: Vec<_> = nodes.iter().map(|n| n.client().unwrap()).collect();
    let mut drains = vec![]; let mut senders = vec![];
    for (g, client) in clients.into_iter().enumerate() {
        let mine: Vec<_> = all.iter().enumerate().filter(|(d, _)| d % gateways == g).map(|(_, u)| u.clone()).collect();
        let client = std::sync::Arc::new(tokio::sync::Mutex::new(client));
        let _ = &client;
        senders.push(tokio::spawn(async move {
            let c = client.lock().await;
            for s in 0..per as usize {
                for chunk in mine.chunks(64) {
                    c.submit(chunk.iter().map(|u| u[s].clone()).collect()).await;
                }
            }
            drop(c);
            client
        }));
        drains.push(());
    }
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let s: Vec<_> = nodes.iter().map(|n| n.handle.status().unwrap()).collect();
        if std::env::var("V").is_ok() { eprintln!("{:?} {:?}", w.elapsed(), s.iter().map(|s| (s.accepted, s.confirmed, s.anchored, s.level, s.health)).collect::<Vec<_>>()); }
        if s.iter().all(|s| s.confirmed >= total) || w.elapsed() > Duration::from_secs(120) { break; }
    }
    let (used, wall) = (cpu() - t, w.elapsed().as_secs_f64());
    let sent: Vec<_> = (0..4u8).map(|i| cluster.switchboard.sent(i)).collect();
    let bytes: u64 = sent.iter().map(|s| s.bytes + s.answer_bytes).sum();
    eprintln!("{sent:?}");
    eprintln!("wall {wall:.2}s -> {:.0}/s; cpu {used:.2}s; cpu a unit and member {:.1} us (verify {verify:.1}); ratio by cpu {:.2}; wire {:.2} B a reading and receiver", total as f64 / wall, used / total as f64 / 4.0 * 1e6, verify / (used / total as f64 / 4.0 * 1e6), bytes as f64 / 3.0 / (total as f64 * readings as f64));
    for n in &nodes { let r: Vec<_> = n.handle.status().unwrap().refusals.into_iter().filter(|(_, c)| *c > 0).collect(); if !r.is_empty() { eprintln!("{r:?}"); } }
    while nodes.iter().any(|n| n.handle.status().unwrap().anchored < total) && w.elapsed() < Duration::from_secs(150) { tokio::time::sleep(Duration::from_millis(100)).await; }
    eprintln!("anchored after {:?}", w.elapsed());
    std::process::exit(0);
}
