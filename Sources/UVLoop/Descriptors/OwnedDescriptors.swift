/// Which descriptors the transports and servers of a loop have: a bit for each number. libuv knows
/// only those that it watches just now, and a look at every handle takes longer the more there are.
struct OwnedDescriptors {
    private var words: ContiguousArray<UInt64> = []

    func contains(_ descriptor: Int32) -> Bool {
        let (word, bit) = Self.place(of: descriptor)
        return words.indices.contains(word) && words[word] & bit != 0
    }

    mutating func insert(_ descriptor: Int32) {
        let (word, bit) = Self.place(of: descriptor)
        while words.count <= word { words.append(0) }
        words[word] |= bit
    }

    /// Does nothing for a number that was not inserted.
    mutating func remove(_ descriptor: Int32) {
        let (word, bit) = Self.place(of: descriptor)
        if words.indices.contains(word) { words[word] &= ~bit }
    }

    /// Of a negative number, outside.
    private static func place(of descriptor: Int32) -> (word: Int, bit: UInt64) {
        (Int(descriptor) >> 6, 1 << UInt64(descriptor & 63))
    }
}
