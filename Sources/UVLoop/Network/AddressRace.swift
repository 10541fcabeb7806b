/// In which order the addresses of an endpoint are tried, and when, as a value without sockets:
/// each event changes it and says what is to be done. Known as Happy Eyeballs, RFC 8305.
///
/// The families take turns, so that one that leads nowhere does not hold up the other. An attempt
/// begins when the one before has failed or has had its delay, and they go on side by side.
struct AddressRace {
    /// What the owner of the sockets does next.
    enum Action: Equatable {
        case nothing
        /// Begin the attempt with this number. If there is a delay, ``delayOver()`` follows after
        /// it, unless another attempt begins before.
        case start(Int, delay: Duration?)
        /// Every attempt has failed; ``failures`` says how.
        case giveUp
    }

    private static let shortestDelay = Duration.milliseconds(10)

    /// In the order of trying; the number of an attempt is its address's place here.
    let addresses: [SocketAddress]
    private let delay: Duration?
    /// What became of each attempt that has begun; nil while it runs.
    private var errors: [UVError?] = []
    private var isOver = false

    /// - Parameter local: the family of the address to connect from: of the other there is nothing
    ///   to be tried.
    init(
        _ addresses: [SocketAddress], from local: SocketAddress.Family? = nil,
        options: ConnectOptions = ConnectOptions()
    ) {
        self.addresses = Self.interleaved(
            addresses.filter { local == nil || $0.family == local },
            firstFamilyCount: options.firstFamilyCount)
        delay = options.attemptDelay.map { max($0, Self.shortestDelay) }
    }

    /// The addresses in turns of their families, beginning with the family of the first. Within a
    /// family the order stays: it is the resolver's.
    private static func interleaved(
        _ addresses: [SocketAddress], firstFamilyCount: Int
    ) -> [SocketAddress] {
        let family = addresses.first?.family
        let preferred = addresses.filter { $0.family == family }
        var others = addresses.filter { $0.family != family }[...]
        let head = preferred.prefix(max(firstFamilyCount, 1))
        var order = Array(head)
        for address in preferred[head.endIndex...] {
            if let other = others.popFirst() { order.append(other) }
            order.append(address)
        }
        return order + others
    }

    /// What became of the attempts so far, in the order in which they began.
    var failures: [EndpointError] {
        zip(addresses, errors).compactMap { address, error in
            error.map { EndpointError(.connect, "\(address)", $0) }
        }
    }

    // MARK: Events

    mutating func begin() -> Action { next() }

    mutating func failed(_ number: Int, _ error: UVError) -> Action {
        guard !isOver else { return .nothing }
        errors[number] = error
        return next()
    }

    mutating func delayOver() -> Action { next() }

    /// An attempt has succeeded, or all are called off: no more begin, and those that run count as
    /// failed with the error.
    mutating func end(_ error: UVError) {
        isOver = true
        errors = errors.map { $0 ?? error }
    }

    private mutating func next() -> Action {
        guard !isOver else { return .nothing }
        if errors.count < addresses.count {
            errors.append(nil)
            return .start(errors.count - 1, delay: errors.count < addresses.count ? delay : nil)
        }
        isOver = !errors.contains(nil)
        return isOver ? .giveUp : .nothing
    }
}
