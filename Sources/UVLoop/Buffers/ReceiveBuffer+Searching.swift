import CUV

extension ReceiveBuffer {
    /// Where a byte is for the first time, counted from the front, at `from` or after it.
    ///
    /// As fast as `memchr`. A `from` beyond the count stops the program.
    public func firstIndex(of byte: UInt8, from: Int = 0) -> Int? {
        Self.check(0 <= from && from <= count, "a search begins within the bytes")
        return withUnsafeBytes { Self.place(of: byte, in: $0[from...]) }
    }

    /// Where a delimiter begins for the first time, counted from the front, at `from` or after it.
    ///
    /// Takes time in proportion to the bytes that it goes through. If nothing is found, the next
    /// search, when more has come, need not go through them again: it can begin at the count of
    /// this time less `delimiter.count - 1`, or at `from` if that is more, since a delimiter that
    /// begins before has its end among the bytes of this time. So all searches together are linear.
    ///
    /// The empty delimiter is found at `from`. A `from` beyond the count stops the program.
    public func firstIndex(of delimiter: some ByteContainer, from: Int = 0) -> Int? {
        Self.check(0 <= from && from <= count, "a search begins within the bytes")
        return delimiter.withUnsafeBytes { delimiter in
            withUnsafeBytes { Self.place(of: delimiter, in: $0[from...]) }
        }
    }

    private static func place(of byte: UInt8, in bytes: Slice<UnsafeRawBufferPointer>) -> Int? {
        guard !bytes.isEmpty, let first = bytes.base.baseAddress else { return nil }
        return memchr(first + bytes.startIndex, Int32(byte), bytes.count)
            .map { UnsafeRawPointer($0) - first }
    }

    /// How many places that begin like a delimiter are looked at before `memmem` takes over.
    private static var patience: Int { 16 }

    /// Where a delimiter begins for the first time. Looks for its first byte, which is many times
    /// faster than `memmem` as long as it is rare; where it is not, `memmem` keeps the time linear.
    static func place(
        of delimiter: UnsafeRawBufferPointer, in bytes: Slice<UnsafeRawBufferPointer>
    ) -> Int? {
        guard let sought = delimiter.baseAddress, !delimiter.isEmpty else {
            return bytes.startIndex
        }
        guard bytes.count >= delimiter.count, let first = bytes.base.baseAddress else { return nil }
        var rest = bytes
        for _ in 0..<patience {
            let beginnings = rest.dropLast(delimiter.count - 1)
            guard let place = place(of: delimiter[0], in: beginnings) else { return nil }
            if memcmp(first + place, sought, delimiter.count) == 0 { return place }
            rest = rest[(place + 1)...]
        }
        return cuv_find(first + rest.startIndex, rest.count, sought, delimiter.count)
            .map { $0 - first }
    }
}
