/// Memory that lives as long as somebody refers to it.
///
/// A protocol that hands out memory has to hold it: a test whose body throws, as at its time limit,
/// leaves before its connection does, and what a `defer` of its frees would still be written to.
final class HeapMemory {
    let bytes: UnsafeMutableRawBufferPointer

    init(_ count: Int) {
        bytes = .allocate(byteCount: count, alignment: 1)
    }

    deinit { bytes.deallocate() }
}
