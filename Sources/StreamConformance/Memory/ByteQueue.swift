/// Bytes that are put in at one end and taken out at the other.
struct ByteQueue {
    private var storage: [UInt8] = []
    /// How many bytes at the front of the storage are gone.
    private var gone = 0

    var count: Int { storage.count - gone }
    var isEmpty: Bool { count == 0 }

    mutating func append(_ bytes: [UInt8]) {
        // Moved at most as often as bytes have gone, so a byte costs constant time.
        if gone > storage.count / 2 {
            storage.removeSubrange(..<gone)
            gone = 0
        }
        storage.append(contentsOf: bytes)
    }

    /// Takes the first bytes out, at most so many.
    mutating func take(upTo limit: Int) -> [UInt8] {
        let taken = Array(storage[gone...].prefix(limit))
        gone += taken.count
        return taken
    }

    /// Drops what is too much at the end.
    mutating func truncate(to length: Int) {
        storage.removeLast(max(0, count - length))
    }
}
