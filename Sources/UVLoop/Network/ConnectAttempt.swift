import CUV

/// An attempt to connect: looks the name up, then lets the addresses race until the first of them
/// answers; see ``ConnectOptions``. Belongs to the loop's thread.
public final class ConnectAttempt {
    typealias Completion = (Result<Transport, EndpointError>) throws -> Void
    typealias Targeting = (Endpoint) throws(EndpointError) -> Endpoint.Target

    private let loop: EventLoop
    private let endpoint: Endpoint
    private let localAddress: SocketAddress?
    private let options: ConnectOptions
    private let place: SourcePlace
    /// Until the end: a protocol may keep its attempt.
    private var reference: ProtocolReference!
    private var completion: Completion?

    private var lookup: AddressRequest?
    /// What was looked up, or remembered.
    private var query: NameQuery?
    private var race = AddressRace([])
    /// The sockets of all attempts that have begun, the closed ones of those that failed, too.
    private var sockets: [ConnectingSocket] = []
    private var delay: Timer?
    private var deadline: Timer?
    /// While the protocol hears `connectionMade`.
    private var winner: Transport?

    /// Begins. `completion` is called once, later, unless the attempt is cancelled before.
    ///
    /// - Parameter target: what an endpoint stands for.
    init(
        _ loop: EventLoop, to endpoint: Endpoint, from localAddress: SocketAddress?,
        timeout: Duration?, options: ConnectOptions, _ reference: ProtocolReference,
        madeAt place: SourcePlace, target: @escaping Targeting = ConnectAttempt.target,
        _ completion: @escaping Completion
    ) {
        loop.preconditionOnThread("connect")
        self.loop = loop
        self.endpoint = endpoint
        self.localAddress = localAddress
        self.options = options
        self.reference = reference
        self.place = place
        self.completion = completion
        if let timeout {
            deadline = loop.callLater(timeout) { self.stop(with: .timedOut) }
        }
        // Later, because nobody expects to be called back before the call returns.
        loop.callSoon { self.begin(target) }
    }

    private static func target(_ endpoint: Endpoint) throws(EndpointError) -> Endpoint.Target {
        try endpoint.target(anyHost: Endpoint.thisMachine)
    }

    private func begin(_ target: Targeting) {
        guard completion != nil else { return }
        do throws(EndpointError) {
            switch try target(endpoint) {
            case .addresses(let addresses): startRace(addresses)
            case .name(let name, let port): try lookUp(name, port)
            }
        } catch {
            finish(.failure(error))
        }
    }

    private func lookUp(_ name: String, _ port: Int) throws(EndpointError) {
        let query = NameQuery(name)
        self.query = query
        if let known = loop.knownAnswer(to: query) { return startRace(known.addresses(port: port)) }
        do throws(UVError) {
            lookup = try loop.startLookup(query) { result in
                self.lookup = nil
                switch result {
                case .success(let answer): self.startRace(answer.addresses(port: port))
                case .failure(let error):
                    self.finish(.failure(EndpointError(.resolve, "\(self.endpoint)", error)))
                }
            }
        } catch {
            throw EndpointError(.resolve, "\(endpoint)", error)
        }
    }

    // MARK: The race

    private func startRace(_ addresses: [SocketAddress]) {
        race = AddressRace(addresses, from: localAddress?.family, options: options)
        if race.addresses.isEmpty {
            let code = UVError.addressFamilyNotSupported
            return finish(.failure(EndpointError(.connect, "\(endpoint)", code)))
        }
        perform(race.begin())
    }

    private func perform(_ action: AddressRace.Action) {
        var action = action
        // What fails at once is followed at once.
        while case .start(let number, let delay) = action {
            action = start(number, delay)
        }
        if action == .giveUp {
            // What is remembered may no longer be true.
            if let query { loop.core.nameCache?.forget(query) }
            finish(.failure(EndpointError(combining: race.failures, for: "\(endpoint)")))
        }
    }

    private func start(_ number: Int, _ delay: Duration?) -> AddressRace.Action {
        self.delay?.stop()
        do throws(UVError) {
            let socket = try ConnectingSocket(
                loop, to: race.addresses[number], from: localAddress, noDelay: options.noDelay,
                madeAt: place
            ) { result in
                switch result {
                case .success(let descriptor): self.succeeded(number, descriptor)
                case .failure(let error): self.failed(number, error)
                }
            }
            sockets.append(socket)
        } catch {
            return race.failed(number, error)
        }
        self.delay = delay.map { loop.callLater($0) { self.perform(self.race.delayOver()) } }
        return .nothing
    }

    private func failed(_ number: Int, _ error: UVError) {
        // The loop is closing: that ends all of it.
        if error == .canceled { return stop(with: error) }
        perform(race.failed(number, error))
    }

    /// Makes the descriptor a transport, whose it is from then on, also if that fails.
    private func succeeded(_ number: Int, _ descriptor: Int32) {
        let address = race.addresses[number]
        endRace()
        let transport: Transport
        do throws(UVError) {
            transport = try Transport(
                loop, adopting: descriptor, reference, kind: address.transportKind, peer: address,
                madeAt: place)
        } catch {
            cuv_close(descriptor)
            return finish(.failure(EndpointError(.connect, "\(address)", error)))
        }
        winner = transport
        transport.begin()
        winner = nil
        let hasFailed = transport.isClosed && transport.extras?.error != nil
        finish(
            hasFailed
                ? .failure(EndpointError(.connect, "\(address)", .connectionAborted))
                : .success(transport))
    }

    /// Closes what is still on its way.
    private func endRace() {
        race.end(.canceled)
        delay?.stop()
        delay = nil
        for socket in sockets { socket.close() }
        sockets = []
    }

    // MARK: Ending

    private func finish(_ result: Result<Transport, EndpointError>) {
        guard let completion else { return }
        self.completion = nil
        reference = nil
        deadline?.stop()
        deadline = nil
        endRace()
        loop.core.guarded(.connectCompletion) { try completion(result) }
    }

    private func stop(with code: UVError) {
        guard completion != nil else { return }
        lookup?.cancel()
        lookup = nil
        race.end(code)
        winner?.abort()
        finish(.failure(EndpointError(code, for: "\(endpoint)", after: race.failures)))
    }

    /// Gives up: closes what is open already and completes with ``UVError/canceled``. In
    /// `connectionMade`, too, which `connectionLost` follows then. Nothing happens once the attempt
    /// has ended.
    public func cancel() {
        loop.assertOnThread()
        stop(with: .canceled)
    }
}
