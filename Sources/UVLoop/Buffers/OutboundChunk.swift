/// Bytes that wait to be sent, and what keeps them: its memory neither moves nor changes until
/// ``free()``.
struct OutboundChunk {
    private enum Owner {
        /// Nobody: the bytes live as long as the program.
        case program
        /// This chunk, by `malloc`.
        case copy(UnsafeMutableRawPointer)
        /// The array's storage, which this reference keeps, and by copy-on-write keeps unchanged.
        /// Array storage is one heap object with its elements inside, so the address holds for as
        /// long as the object does.
        case array([UInt8])
    }

    private(set) var bytes: UnsafeRawBufferPointer
    private let owner: Owner

    /// A copy of the bytes.
    init(copying source: UnsafeRawBufferPointer) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: source.count, alignment: 1)
        memory.copyMemory(from: source)
        bytes = UnsafeRawBufferPointer(memory)
        owner = .copy(memory.baseAddress!)
    }

    /// The array's own bytes, from an offset on; not copied.
    init(keeping array: [UInt8], from offset: Int) {
        bytes = array.withUnsafeBytes { UnsafeRawBufferPointer(rebasing: $0[offset...]) }
        owner = .array(array)
    }

    /// Bytes that are always there; not copied.
    init(static source: UnsafeRawBufferPointer) {
        bytes = source
        owner = .program
    }

    /// Gives the memory back. The chunk is not used any more.
    func free() {
        if case .copy(let memory) = owner { memory.deallocate() }
    }
}
