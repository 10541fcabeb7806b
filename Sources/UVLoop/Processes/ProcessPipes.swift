import CUV

/// The descriptors that a start of a process needs on both sides, and the one place where they are
/// closed.
struct ProcessPipes {
    /// What becomes the child's descriptors, by their numbers there.
    private(set) var childSide: [uv_stdio_container_t] = []
    /// This process's end of each pipe, with the number of the child's descriptor.
    private var ownSide: [(number: Int, descriptor: Int32)] = []
    /// What is to be closed once the child has been started.
    private var lent: [Int32] = []

    /// Opens what the options ask for. Nothing is left open if that fails.
    ///
    /// Binds `uv_pipe`, `uv_socketpair`.
    init(_ descriptors: [ProcessDescriptor]) throws(UVError) {
        try Self.checkThatAreThere(descriptors)
        childSide.reserveCapacity(descriptors.count)
        do throws(UVError) {
            for (number, descriptor) in descriptors.enumerated() {
                childSide.append(Self.container(try open(descriptor, number)))
            }
            try occupyNumbers(of: descriptors)
        } catch {
            closeAll()
            throw error
        }
        for (number, descriptor) in descriptors.enumerated() where descriptor == .standardOutput {
            childSide[number] = childSide[1]
        }
    }

    /// Before anything is opened, which may get one of these numbers.
    private static func checkThatAreThere(
        _ descriptors: [ProcessDescriptor]
    ) throws(UVError) {
        for (number, descriptor) in descriptors.enumerated() {
            switch descriptor {
            case .inherited: try UVError.check(cuv_access_mode(Int32(number)))
            case .descriptor(let other): try UVError.check(cuv_access_mode(other))
            default: break
            }
        }
    }

    /// Keeps low numbers occupied during the start. The child tells by a pipe of libuv's that it
    /// could not start: if that pipe gets a number that the child fills with something else, nobody
    /// hears of it.
    private mutating func occupyNumbers(of descriptors: [ProcessDescriptor]) throws(UVError) {
        // Inherited ones are there.
        for (number, descriptor) in descriptors.enumerated()
        where descriptor != .inherited && cuv_access_mode(Int32(number)) < 0 {
            lent.append(try UVError.check(cuv_null_device()))
        }
    }

    /// - Parameter descriptor: that of this process; -1 for nothing.
    private static func container(_ descriptor: Int32) -> uv_stdio_container_t {
        var container = uv_stdio_container_t()
        container.flags = descriptor < 0 ? UV_IGNORE : UV_INHERIT_FD
        container.data.fd = descriptor
        return container
    }

    private mutating func open(
        _ descriptor: ProcessDescriptor, _ number: Int
    ) throws(UVError) -> Int32 {
        switch descriptor {
        case .ignored, .standardOutput: return -1
        case .inherited: return Int32(number)
        case .descriptor(let other): return other
        case .pipe: return try openPipe(number, isRead: number == 0)
        case .reversePipe: return try openPipe(number, isRead: number != 0)
        case .socket:
            let (own, child) = try EventLoop.socketPair()
            return try keep(number, own, child)
        }
    }

    private mutating func openPipe(_ number: Int, isRead: Bool) throws(UVError) -> Int32 {
        let (reading, writing) = try EventLoop.pipe()
        return try isRead
            ? keep(number, writing, reading) : keep(number, reading, writing)
    }

    private mutating func keep(
        _ number: Int, _ own: Int32, _ child: Int32
    ) throws(UVError) -> Int32 {
        lent.append(child)
        // libuv never closes the standard ones, and a pipe would never end.
        ownSide.append((number, try UVError.check(cuv_above_standard(own))))
        return child
    }

    /// Takes this process's end, which is the caller's from then on.
    mutating func take(_ number: Int) -> Int32? {
        guard let index = ownSide.firstIndex(where: { $0.number == number }) else { return nil }
        return ownSide.remove(at: index).descriptor
    }

    /// Whether this process has the other end of one of the child's descriptors.
    func hasOwnSide(_ number: Int) -> Bool { ownSide.contains { $0.number == number } }

    /// Closes what the child has by now, and forgets what it was to have.
    mutating func closeLent() {
        childSide = []
        for descriptor in lent { cuv_close(descriptor) }
        lent = []
    }

    /// Closes what there is.
    mutating func closeAll() {
        closeLent()
        closeOwn()
    }

    /// Closes what nobody has taken.
    mutating func closeOwn() {
        for (_, descriptor) in ownSide { cuv_close(descriptor) }
        ownSide = []
    }
}
