//! What a file is, by its content.

use convscope::files::{Kind, code_cells, kind};

#[test]
fn kinds_are_told_by_content() {
    let safetensors = [&8_u64.to_le_bytes()[..], b"{}      "].concat();
    let cases: &[(&[u8], Kind)] = &[
        (b"", Kind::Empty),
        (b"import torch\n", Kind::Text),
        ("\u{feff}{\"cells\": []}".as_bytes(), Kind::Json),
        (b"  {\"a\": 1}", Kind::Json),
        (b"PK\x03\x04....", Kind::Zip),
        (b"\x1c\0\0\0TFL3", Kind::TfLite),
        (&safetensors, Kind::SafeTensors),
        (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", Kind::OldPyTorch),
        (b"\x89HDF\r\n\x1a\n", Kind::Hdf5),
        (include_bytes!("../../fixtures/onnx/seed_script.onnx"), Kind::Onnx),
        (b"\xff\xfe\x00", Kind::Unknown),
    ];
    let wrong: Vec<_> = cases.iter().filter(|(bytes, expected)| kind(bytes) != *expected).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn a_notebooks_code_keeps_its_lines() {
    let text = r##"{"cells": [{"cell_type": "code", "source": ["%pip install x\n", "a = 1"]},
        {"cell_type": "markdown", "source": "# no"}, {"cell_type": "code", "source": "%%bash\nls"}]}"##;
    assert_eq!(code_cells(text).unwrap(), "# %pip install x\na = 1\n\n# %%bash\n# ls");
    let old = r#"{"worksheets": [{"cells": [{"cell_type": "code", "input": "a = 1"}]}]}"#;
    assert_eq!(code_cells(old).unwrap(), "a = 1");
    for broken in ["", "{}", "[1", r#"{"cells": []}"#, r#"{"cells": [{"cell_type": "markdown"}]}"#] {
        assert!(code_cells(broken).is_err(), "{broken}");
    }
}
