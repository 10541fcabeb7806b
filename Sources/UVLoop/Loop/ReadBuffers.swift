/// The memory that all reads on a loop share.
struct ReadBuffers {
    /// For most.
    let small = UnsafeMutableRawBufferPointer.allocate(
        byteCount: ReadSizing.smallSize, alignment: 64)
    /// For messages that are longer; made for the first of them. The kernel copies faster to where
    /// a page begins.
    private var large: UnsafeMutableRawBufferPointer?

    /// Where a transport's next bytes go.
    @inline(__always)
    mutating func buffer(for sizing: ReadSizing) -> UnsafeMutableRawBufferPointer {
        sizing.isLarge ? madeLarge() : small
    }

    @inline(never)
    private mutating func madeLarge() -> UnsafeMutableRawBufferPointer {
        if let large { return large }
        let made = UnsafeMutableRawBufferPointer.allocate(
            byteCount: ReadSizing.largeSize, alignment: 4_096)
        large = made
        return made
    }

    /// Whether one of them begins there.
    @inline(__always)
    func haveBase(_ base: UnsafeMutableRawPointer) -> Bool {
        small.baseAddress == base || large?.baseAddress == base
    }

    func deallocate() {
        small.deallocate()
        large?.deallocate()
    }
}
