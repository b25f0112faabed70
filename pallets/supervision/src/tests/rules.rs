//! Who sets rules and feeders, and what makes sense.

use crate::{mock::*, AreaFeeders, Error, Feeders, Rules};
use frame_support::{assert_noop, assert_ok};
use loadstone_core::{BasisPoints, BoundedVec, ResourceId};
use loadstone_market::supervision::{feeder::Nodes, SupervisionRules};

#[test]
fn the_regulator_or_governance_sets_the_rules() {
    run(|| {
        // GIVEN the rules of genesis
        assert_eq!(Rules::<Test>::get(), SupervisionRules::plain());
        // WHEN the regulator, and then governance, sets others THEN they hold
        let strict = SupervisionRules { share_max: BasisPoints(5_000), ..SupervisionRules::plain() };
        assert_ok!(Supervision::set_rules(RuntimeOrigin::signed(REGULATOR), strict.clone()));
        assert_eq!(Supervision::rules(), strict);
        assert_ok!(Supervision::set_rules(RuntimeOrigin::root(), off()));
        // AND nobody else sets them, nor can they make no sense
        let by_grid = Supervision::set_rules(RuntimeOrigin::signed(GRID), strict.clone());
        assert_noop!(by_grid, Error::<Test>::RoleNotHeld);
        let unsound = SupervisionRules { marginal_share: BasisPoints(5_000), ..strict };
        assert_noop!(Supervision::set_rules(RuntimeOrigin::root(), unsound), Error::<Test>::UnsoundRules);
    });
}

#[test]
fn an_area_has_one_feeder() {
    run(|| {
        let grid = || RuntimeOrigin::signed(GRID);
        // GIVEN the feeder of an area
        assert_ok!(Supervision::declare_feeder(grid(), ResourceId(1), Nodes::Area));
        assert_eq!(AreaFeeders::<Test>::get(AREA), Some(ResourceId(1)));
        // WHEN another is declared THEN it is refused, until the first stands for some nodes only, or is removed
        let another = || Supervision::declare_feeder(grid(), ResourceId(2), Nodes::Area);
        assert_noop!(another(), Error::<Test>::AreaHasFeeder);
        let some = Nodes::Named(BoundedVec::truncate_from(vec![ResourceId(3), ResourceId(4)]));
        assert_ok!(Supervision::declare_feeder(grid(), ResourceId(1), some));
        assert_ok!(another());
        assert_ok!(Supervision::remove_feeder(RuntimeOrigin::signed(REGULATOR), ResourceId(2)));
        assert_eq!((AreaFeeders::<Test>::get(AREA), Feeders::<Test>::iter().count()), (None, 1));
        assert_noop!(Supervision::remove_feeder(grid(), ResourceId(2)), Error::<Test>::NoFeeder);
    });
}

#[test]
fn nodes_are_named_soundly_by_those_who_may() {
    run(|| {
        let declare = |by, feeder, nodes: &[u32]| {
            let nodes = nodes.iter().copied().map(ResourceId).collect();
            let nodes = Nodes::Named(BoundedVec::truncate_from(nodes));
            Supervision::declare_feeder(RuntimeOrigin::signed(by), ResourceId(feeder), nodes)
        };
        for nodes in [&[][..], &[3, 2], &[2, 2], &[1, 2]] {
            assert_noop!(declare(GRID, 1, nodes), Error::<Test>::UnsoundNodes);
        }
        assert_noop!(declare(GRID, 999, &[1]), Error::<Test>::UnknownResource);
        assert_noop!(declare(NORTH, 1, &[2]), Error::<Test>::RoleNotHeld);
        assert_ok!(declare(REGULATOR, 1, &[2]));
    });
}
