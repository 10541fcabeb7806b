/// A look-up for callbacks, of a name or of an address: what cancels it. Belongs to the loop's
/// thread.
public final class NameLookup {
    private let loop: EventLoop
    /// Until the end.
    private var fail: ((UVError) -> Void)?
    /// What is under way in the thread pool.
    private var takeBack: (() -> Void)?

    /// - Parameters:
    ///   - endpoint: what errors name.
    ///   - known: the answer, if nobody has to be asked.
    ///   - begin: asks the thread pool.
    ///   - completion: called once, later.
    init<Request, Answer>(
        _ loop: EventLoop, _ user: String, of endpoint: String,
        known: @escaping () -> Answer?,
        begin:
            @escaping (@escaping (Result<Answer, UVError>) -> Void) throws(UVError)
            -> PoolQuestion<Request, Answer>,
        _ completion: @escaping (Result<Answer, EndpointError>) throws -> Void
    ) {
        loop.preconditionOnThread(user)
        self.loop = loop
        func finish(_ result: Result<Answer, UVError>) {
            guard fail.take() != nil else { return }
            takeBack = nil
            let result = result.mapError { EndpointError(.resolve, endpoint, $0) }
            loop.core.guarded(.lookupCompletion) { try completion(result) }
        }
        fail = { finish(.failure($0)) }
        // Later, because nobody expects to be called back before the call returns.
        loop.callSoon {
            guard self.fail != nil else { return }
            do throws(UVError) {
                if let answer = known() { return finish(.success(answer)) }
                self.takeBack = try begin(finish).cancel
            } catch {
                finish(.failure(error))
            }
        }
        // Refused then, and reported.
        if !loop.core.takesCalls { fail = nil }
    }

    /// Gives up: completes with ``UVError/canceled``. A thread that has begun to ask goes on,
    /// unnoticed. Nothing happens once the look-up has ended.
    public func cancel() {
        loop.assertOnThread()
        takeBack.take()?()
        fail?(.canceled)
    }
}
