import CRIMapping
import CRIProto
import RuntimeAPI

extension RuntimeService {
  func listMetricDescriptors(
    _ request: Runtime_V1_ListMetricDescriptorsRequest
  ) async throws(RuntimeError) -> Runtime_V1_ListMetricDescriptorsResponse {
    var response = Runtime_V1_ListMetricDescriptorsResponse()
    response.descriptors = try await runtime.listMetricDescriptors().map(Runtime_V1_MetricDescriptor.init)
    return response
  }
}
