//! Feature maps as pictures.

use convscope::cost::{Settings, analyze};
use convscope::job::Maps;
use convscope::page::maps::{Mosaic, Region, seen_by, spot, values_of_csv};
use convscope::share_link;
use proptest::prelude::*;

fn maps(shown: u32, height: u32, width: u32, step: u32) -> Maps {
    let (down, across) = (height.div_ceil(step), width.div_ceil(step));
    let pixels = (0..shown * down * across).map(|at| (1 + at % 255) as u8).collect();
    Maps { channels: shown + 1, shown, height, width, step, largest: 2.0, pixels }
}

proptest! {
    /// Every pixel of a tile is found under the place where it is painted, and nothing between the tiles.
    #[test]
    fn maps_are_found_where_they_are_painted(shown in 1_u32..20, height in 1_u32..9, width in 1_u32..9, step in 1_u32..3) {
        let step = if height == 1 { 1 } else { step };
        let maps = maps(shown, height, width, step);
        let mosaic = Mosaic::of(&maps);
        prop_assert_eq!(mosaic.colours.len() as u32, mosaic.width * mosaic.height * 4);
        let mut found = 0;
        for y in 0..mosaic.height {
            for x in 0..mosaic.width {
                let opaque = mosaic.colours[((y * mosaic.width + x) * 4 + 3) as usize] == 255;
                let spot = spot(&maps, x, y);
                prop_assert_eq!(spot.is_some(), opaque, "at {}, {}", x, y);
                if let Some(spot) = spot {
                    let (down, across) = maps.picture();
                    let at = spot.channel * down * across + spot.row / step * across + spot.column / step;
                    let value = (f32::from(maps.pixels[at as usize]) - 128.0) / 127.0 * 2.0;
                    prop_assert_eq!(spot.value, value);
                    found += 1;
                }
            }
        }
        prop_assert_eq!(found, maps.pixels.len());
    }
}

/// A 3x3 behind a 2x2 pool sees six pixels, moved by two for each of its own, cut at the input's edge.
#[test]
fn maps_say_what_an_output_depends_on() {
    let (network, _) = share_link::decode_design("1x12x12.max2.c2k3p1");
    let report = analyze(&network, &Settings::default());
    let field = report.receptive_field(1).expect("a field");
    let maps = maps(2, 6, 6, 1);
    let at = |x, y| seen_by(&field, &spot(&maps, x, y).expect("a value"), (12, 12));
    assert_eq!(at(2, 1), Some(Region { rows: (0, 5), columns: (2, 7) }));
    assert_eq!(at(0, 5), Some(Region { rows: (8, 11), columns: (0, 3) }));
}

#[test]
fn maps_take_a_row_of_a_table() {
    assert_eq!(values_of_csv("a,b,c\n1, 2.5,-3\n", 3), Ok(vec![1.0, 2.5, -3.0]));
    assert_eq!(values_of_csv("7,0.5,1,2\n", 3), Ok(vec![0.5, 1.0, 2.0]), "a label in front");
    assert_eq!(values_of_csv("0.5;1;2;7\n", 3), Ok(vec![0.5, 1.0, 2.0]), "a label behind");
    assert!(values_of_csv("1,2\n", 3).unwrap_err().contains("2 numbers"));
    assert!(values_of_csv("hello\n", 3).is_err());
}
