//! Every programme that comes with the repository, from its file to the last micro-yuan.

use crate::{
    cases::{case, folder, Case, CASES},
    conduct::Conduct,
    contracts,
    published::Pay,
    walk::{Paid, Walk},
};
use loadstone_market::Pricing;

/// One resource that delivers in full, one that over-delivers, one that fails, and one that wins nothing.
pub const CONDUCTS: [Conduct; 4] = [Conduct::Full, Conduct::Over, Conduct::Fails, Conduct::Outbid];

/// One event under a programme that takes bids.
pub fn event(case: Case) -> Vec<Paid> {
    let mut walk = Walk::new(case, &CONDUCTS);
    let (window, before) = (case.window(&walk.programme), walk.market.books());
    let running = walk.dispatch(window);
    walk.tempt(&window);
    let mut events = [running];
    walk.measure(&mut events);
    walk.record(&events[0]);
    walk.settle(&events, &before).remove(0)
}

/// What each way to behave is worth under any programme.
pub fn judge(case: Case, paid: &[Paid]) {
    let of = |conduct| paid.iter().find(|paid| paid.conduct == conduct).expect("it took part");
    let (full, over, fails) = (of(Conduct::Full), of(Conduct::Over), of(Conduct::Fails));
    // Claims in parts of what each award is worth.
    let is_below = |a: &Paid, b: &Paid| a.due.claim * b.value < b.due.claim * a.value;
    assert!(full.due.claim > 0 && full.due.penalty == 0, "{}: full delivery is paid and not punished", case.file);
    assert_eq!(over.due.penalty, 0, "{}: nor is over-delivery", case.file);
    assert!(is_below(fails, full), "{}: failing is paid less", case.file);
    assert_eq!(fails.due.penalty > 0, case.pay != Pay::Meter, "{}: and punished where the rules do", case.file);
    match case.pay {
        Pay::NorthChina => assert_eq!(over.due.claim, 0, "far too much is void"),
        Pay::Meter | Pay::MeterOrTenth => assert!(over.due.paid_energy <= over.agreed, "no more than was agreed"),
        _ => assert!(is_below(full, over), "{}: more is paid, up to the cap", case.file),
    }
    if let Some(outbid) = paid.iter().find(|paid| paid.conduct == Conduct::Outbid) {
        assert_eq!((outbid.award, outbid.due.claim, outbid.due.penalty), (0, 0, 0), "{}: it won nothing", case.file);
    }
}

/// A case by its programme's file.
fn prove(file: &str) {
    let case = case(file);
    let paid = match case.sells.1 {
        Pricing::Bilateral => contracts::deals(case),
        Pricing::Uniform | Pricing::PayAsBid => event(case),
    };
    judge(case, &paid);
}

#[test]
fn every_programme_in_the_folder_is_settled_by_its_published_formula() {
    // GIVEN every file in the folder
    let entries = std::fs::read_dir(folder()).expect("the folder of programmes");
    let mut files: Vec<String> =
        entries.map(|entry| entry.expect("a file").file_name().into_string().expect("a name")).collect();
    files.sort();
    // THEN the table has a line for it, and no line without a file
    let mut named: Vec<_> = CASES.iter().map(|case| case.file.to_owned()).collect();
    named.sort();
    assert_eq!(files, named, "cases.rs must have one line for every programme");
    // AND each keeps its word from publication to pay
    std::thread::scope(|scope| {
        let halves: Vec<_> = files.chunks(files.len().div_ceil(2)).collect();
        let runs: Vec<_> =
            halves.into_iter().map(|half| scope.spawn(|| half.iter().for_each(|file| prove(file)))).collect();
        runs.into_iter().for_each(|run| run.join().expect("the programme keeps its word"));
    });
}
