//! Files from the outside in: compression, the document, every array and number in it.

use deadweight::base::{DType, Limits, PagePolicy, Storage};
use deadweight::pickle::numpy::{Data, NumpyArray};
use deadweight::pickle::{Document, NodeId, open};

/// Most sparse matrices that are spread out: each may have rows that cost the file nothing.
const MOST_SPARSE: usize = 8;

/// Opens a file, reads it, and reads out all that is in it.
pub fn container(bytes: &[u8]) {
    let limits = super::limits();
    let opened = match open(Storage::adopt(bytes.to_vec()), &limits) {
        Ok(opened) => opened,
        Err(error) => return super::is_short(&error),
    };
    assert_eq!(opened.file_bytes, bytes.len() as u64);
    match opened.compression {
        None => assert_eq!((opened.storage.as_bytes(), opened.members), (bytes, 0)),
        Some(_) => {
            assert!(opened.members > 0);
            assert!(opened.storage.len() as u64 <= limits.max_decompressed_bytes);
        }
    }
    let buffers = super::buffers();
    match Document::read(&opened.storage, &buffers, &limits) {
        Ok(document) => look_at(&document, &limits),
        Err(error) => {
            super::is_short(&error);
            assert!(error.offset() <= opened.storage.len());
        }
    }
}

fn look_at(document: &Document<'_>, limits: &Limits) {
    assert!(!document.pickles().is_empty());
    assert_eq!(document.pickles().first(), Some(&document.root()));
    let most = document.source().len() + super::BUFFERS * super::BUFFER_BYTES;
    let (mut sum, mut sparse) = (0usize, 0);
    for (node, _) in document.values().iter() {
        if document.is_array(node) {
            match document.array(node) {
                Ok(array) => sum += look_at_array(document, &array),
                Err(error) => super::is_short(&error),
            }
        }
        if document.is_sparse(node) && sparse < MOST_SPARSE {
            sparse += 1;
            look_at_sparse(document, node, limits);
        }
        let _ = document.scalar(node).map_err(|error| super::is_short(&error));
        let _ = document.dtype(node).map(|dtype| dtype.notation());
        if let Ok(bytes) = document.bytes(node) {
            assert!(bytes.len() <= most);
        }
    }
    // Where arrays are given as the objects that they hold, an element is at least one byte.
    assert!(sum <= most, "{sum} bytes in the arrays of a smaller file");
}

/// How many bytes or objects the array has.
fn look_at_array(document: &Document<'_>, array: &NumpyArray<'_>) -> usize {
    let count = array.element_count();
    let size = match array.elements() {
        Some(elements) => {
            assert_eq!(elements.len(), count);
            assert!(elements.iter().all(|node| document.values().get(*node).is_some()));
            count
        }
        None => {
            assert_eq!(Some(array.bytes().len()), count.checked_mul(array.dtype().item_size));
            array.bytes().len()
        }
    };
    if let Data::Borrowed { bytes, storage, start } = array.data() {
        assert_eq!(storage.as_bytes().get(*start..start + bytes.len()), Some(*bytes));
    }
    if let Ok(neutral) = array.to_array(PagePolicy::Heap) {
        assert_eq!(neutral.shape(), array.shape());
        assert_eq!(Some(neutral.dtype()), array.neutral_dtype());
        if neutral.dtype() != DType::Text {
            assert_eq!(neutral.byte_len(), size);
        }
    }
    let floats = array.as_f64_vec().map(|numbers| numbers.len());
    let integers = array.as_i64_vec().map(|numbers| numbers.len());
    let texts = array.texts().map(|texts| texts.len());
    for length in [floats, integers, texts] {
        match length {
            Ok(length) => assert_eq!(length, count),
            Err(error) => super::is_short(&error),
        }
    }
    super::is_short(&array.dtype().notation());
    size
}

fn look_at_sparse(document: &Document<'_>, node: NodeId, limits: &Limits) {
    let Ok(matrix) = document.sparse(node) else { return };
    matrix.has_sorted_rows();
    let Ok(rows) = matrix.rows(limits) else { return };
    assert_eq!(rows.pointers.len(), rows.shape[0] + 1);
    assert!(rows.pointers.is_sorted() && rows.pointers[0] == 0);
    assert_eq!(rows.indices.len(), rows.values.len());
    assert!(rows.pointers.last().is_some_and(|last| *last <= rows.indices.len()));
    assert!(rows.indices.iter().all(|column| *column < rows.shape[1]));
}
