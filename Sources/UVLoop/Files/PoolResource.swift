import CUV

/// Something open that threads of the pool work on: a file, or a directory that is being read. It
/// is closed when it is to be, but not before the last thread has done with it, whose descriptor
/// would be somebody else's by then. Belongs to the loop's thread; the base of the two.
class PoolResource {
    let loop: EventLoop
    let path: String
    private let place: SourcePlace?
    /// How many operations are with the pool.
    private var users = 0
    private(set) var isClosed = false
    /// Closes, once nobody uses it any more.
    private var whenUnused: (() -> Void)?

    init(_ loop: EventLoop, _ path: String, openedAt place: SourcePlace?) {
        self.loop = loop
        self.path = path
        self.place = place
    }

    // MARK: For subclasses

    /// Asks the pool to close it.
    func startClosing(_ completion: @escaping FileRequest.Completion) throws(UVError) {
        fatalError("has to be overridden")
    }

    /// Closes it in the calling thread, for want of a loop.
    func closeNow() { fatalError("has to be overridden") }

    /// Whether debug mode tells if nobody has closed it.
    var isReportedIfLeft: Bool { true }

    // MARK: For operations

    /// Begins an operation on what is open.
    ///
    /// - Throws: ``UVError/badFileDescriptor`` once it is closed; ``UVError/invalidArgument`` on
    ///   another loop than its own.
    final func use(on loop: EventLoop) throws(UVError) {
        guard loop === self.loop else { throw .invalidArgument }
        guard !isClosed else { throw .badFileDescriptor }
        users += 1
    }

    /// Ends what ``use(on:)`` began.
    final func endUse() {
        users -= 1
        if users == 0, let close = whenUnused.take() { close() }
    }

    /// Closes it after the operations that are under way; none can begin any more. The second time
    /// there is nothing to do.
    final func close(_ completion: @escaping (Result<Void, UVError>) -> Void) {
        guard !isClosed else {
            _ = loop.core.enqueue(.closure { completion(.success(())) })
            return
        }
        isClosed = true
        let close = { [self] in
            do throws(UVError) {
                try startClosing { result, _ in completion(result.map { _ in }) }
            } catch {
                closeNow()
                completion(.success(()))
            }
        }
        if users == 0 { close() } else { whenUnused = close }
    }

    // MARK: Without references

    /// For the `deinit` of what refers to this, on any thread: closes it if it is still open.
    static func leave(_ resource: PoolResource) {
        let loop = resource.loop
        if loop.core.isOnThread { return resource.left() }
        let context = Unmanaged.passRetained(resource)
        let leave: ReadyEntry.Function = {
            Unmanaged<PoolResource>.fromOpaque($0.unsafelyUnwrapped).takeRetainedValue().left()
        }
        guard !loop.core.inbox.post(.function(leave, context.toOpaque())) else { return }
        // The loop is closed, or about to be: nothing of it is under way then that waits.
        context.takeRetainedValue().closeWithoutLoop()
    }

    private func left() {
        guard !isClosed else { return }
        if loop.core.isClosed { return closeWithoutLoop() }
        if loop.core.isDebug, isReportedIfLeft {
            let place = place.map { ", opened at \($0.description)" } ?? ""
            loop.core.report(
                ExceptionContext(
                    "\(path) was left open, and closed when nobody referred to it\(place)",
                    source: .loop))
        }
        close { _ in }
    }

    private func closeWithoutLoop() {
        guard !isClosed else { return }
        isClosed = true
        closeNow()
    }
}
