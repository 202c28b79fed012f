/// Pods of the shapes that the Kubernetes documentation shows, by the page that explains them; what needs an API server is left out.
/// `$image` is busybox, which is there already.
enum ExamplePods {
  struct Example {
    let name: String
    /// Below `spec:`.
    let spec: String
    var metadata = ""

    var manifest: String {
      let image = "image: localhost/busybox:latest\n    imagePullPolicy: IfNotPresent"
      return """
        apiVersion: v1
        kind: Pod
        metadata:
          name: \(name)
        \(metadata)
        spec:
        \(spec.replacing("$image", with: image))

        """
    }
  }

  /// Tasks: Configure a Pod to Use a Volume, Pod Initialization.
  static let initialization = Example(
    name: "init-demo",
    spec: """
        containers:
        - name: web
          $image
          command: [httpd, -f, -p, "8080", -h, /www]
          ports: [{containerPort: 8080}]
          volumeMounts: [{name: workdir, mountPath: /www}]
        initContainers:
        - name: install
          $image
          command: [sh, -c, "echo made before > /work-dir/index.html"]
          volumeMounts: [{name: workdir, mountPath: /work-dir}]
        dnsPolicy: Default
        volumes: [{name: workdir, emptyDir: {}}]
      """)

  /// Tasks: Communicate Between Containers in the Same Pod Using a Shared Volume.
  static let sharedVolume = Example(
    name: "two-containers",
    spec: """
        restartPolicy: Never
        volumes: [{name: shared-data, emptyDir: {}}]
        containers:
        - name: reader
          $image
          command: [sleep, "1000"]
          volumeMounts: [{name: shared-data, mountPath: /usr/share}]
        - name: writer
          $image
          volumeMounts: [{name: shared-data, mountPath: /pod-data}]
          command: [sh, -c, "echo Hello from the writer > /pod-data/index.html"]
      """)

  /// Tasks: Define a Command and Arguments for a Container.
  static let command = Example(
    name: "command-demo",
    spec: """
        containers:
        - name: c
          $image
          env: [{name: MESSAGE, value: hello world}]
          command: [echo]
          args: ["$(MESSAGE)", "$(NOT_THERE)", "$$(MESSAGE)"]
        restartPolicy: OnFailure
      """)

  /// Tasks: Define Dependent Environment Variables.
  static let dependent = Example(
    name: "dependent-envars",
    spec: """
        containers:
        - name: c
          $image
          command: [sleep, "1000"]
          env:
          - {name: UNCHANGED_REFERENCE, value: "$(PROTOCOL)://"}
          - {name: PROTOCOL, value: https}
          - {name: SERVICE_IP, value: 172.17.0.1}
          - {name: SERVICE_ADDRESS, value: "$(PROTOCOL)://$(SERVICE_IP)"}
          - {name: ESCAPED_REFERENCE, value: "$$(PROTOCOL)://"}
      """)

  /// Tasks: Configure Liveness, Readiness and Startup Probes.
  static let liveness = Example(
    name: "liveness-exec",
    spec: """
        terminationGracePeriodSeconds: 1
        containers:
        - name: c
          $image
          command: [sh, -c, "touch /tmp/healthy; sleep 3; rm -f /tmp/healthy; sleep 600"]
          livenessProbe:
            exec: {command: [cat, /tmp/healthy]}
            initialDelaySeconds: 1
            periodSeconds: 1
            failureThreshold: 1
      """)
  static let livenessHTTP = Example(
    name: "liveness-http",
    spec: """
        terminationGracePeriodSeconds: 1
        containers:
        - name: c
          $image
          command: [sh, -c, "mkdir /w; echo ok > /w/healthz; (sleep 3; rm /w/healthz) & exec httpd -f -p 8080 -h /w"]
          ports: [{name: liveness-port, containerPort: 8080}]
          startupProbe:
            httpGet: {path: /healthz, port: liveness-port}
            failureThreshold: 30
            periodSeconds: 1
          livenessProbe:
            httpGet: {path: /healthz, port: liveness-port, httpHeaders: [{name: Custom-Header, value: Awesome}]}
            periodSeconds: 1
            failureThreshold: 1
      """)
  static let readinessTCP = Example(
    name: "readiness-tcp",
    spec: """
        terminationGracePeriodSeconds: 1
        containers:
        - name: c
          $image
          command: [sh, -c, "until test -e /go; do sleep 0.1; done; exec httpd -f -p 8080"]
          ports: [{containerPort: 8080}]
          readinessProbe: {tcpSocket: {port: 8080}, periodSeconds: 1}
          livenessProbe: {tcpSocket: {port: 8080}, initialDelaySeconds: 500}
      """)

  /// Tasks: Attach Handlers to Container Lifecycle Events.
  static let lifecycle = Example(
    name: "lifecycle-demo",
    spec: """
        terminationGracePeriodSeconds: 10
        volumes: [{name: out, hostPath: {path: $base/lifecycle, type: DirectoryOrCreate}}]
        containers:
        - name: c
          $image
          command: [sh, -c, "trap exit TERM; while :; do sleep 0.1; done"]
          volumeMounts: [{name: out, mountPath: /out}]
          lifecycle:
            postStart: {exec: {command: [sh, -c, "echo Hello from the postStart handler > /out/message"]}}
            preStop: {exec: {command: [sh, -c, "echo Bye from the preStop handler >> /out/message"]}}
      """)

  /// Tasks: Expose Pod Information to Containers, through environment variables and through files.
  static let downward = Example(
    name: "downward-api",
    spec: """
        containers:
        - name: c
          $image
          command: [sleep, "1000"]
          resources: {requests: {memory: 32Mi, cpu: 125m}}
          env:
          - {name: MY_NODE_NAME, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
          - {name: MY_POD_NAMESPACE, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}
          - {name: MY_POD_SERVICE_ACCOUNT, valueFrom: {fieldRef: {fieldPath: spec.serviceAccountName}}}
          - {name: MY_CPU_REQUEST, valueFrom: {resourceFieldRef: {containerName: c, resource: requests.cpu, divisor: 1m}}}
          - {name: MY_MEM_REQUEST, valueFrom: {resourceFieldRef: {containerName: c, resource: requests.memory}}}
          volumeMounts: [{name: podinfo, mountPath: /etc/podinfo}, {name: all, mountPath: /all}]
        volumes:
        - name: podinfo
          downwardAPI:
            items:
            - {path: labels, fieldRef: {fieldPath: metadata.labels}}
            - {path: annotations, fieldRef: {fieldPath: metadata.annotations}}
        - name: all
          projected:
            sources: [{downwardAPI: {items: [{path: info/cpu, mode: 292, resourceFieldRef: {containerName: c, resource: requests.cpu, divisor: 1m}}]}}]
      """, metadata: "  labels: {zone: us-est-coast, cluster: test-cluster1}\n  annotations: {build: two, builder: john-doe}")

  /// Tasks: Configure a Security Context for a Pod or Container.
  static let identity = Example(
    name: "security-context",
    spec: """
        securityContext: {runAsUser: 1000, runAsGroup: 3000, fsGroup: 2000, supplementalGroups: [4000], seccompProfile: {type: RuntimeDefault}}
        volumes: [{name: vol, emptyDir: {}}]
        containers:
        - name: c
          $image
          command: [sh, -c, "sleep 1000"]
          volumeMounts: [{name: vol, mountPath: /data/demo}]
          securityContext: {allowPrivilegeEscalation: false}
        - name: overrides
          $image
          command: [sleep, "1000"]
          securityContext: {runAsUser: 2000, readOnlyRootFilesystem: true, seccompProfile: {type: Unconfined}}
      """)
  static let capabilities = Example(
    name: "capabilities",
    spec: """
        containers:
        - name: plain
          $image
          command: [sleep, "1000"]
        - name: added
          $image
          command: [sleep, "1000"]
          securityContext: {capabilities: {add: [NET_ADMIN, SYS_TIME]}}
      """)
  static let nonRoot = Example(
    name: "non-root",
    spec: """
        securityContext: {runAsNonRoot: true}
        containers:
        - name: c
          $image
          command: [sleep, "1000"]
      """)

  /// Tasks: Share Process Namespace between Containers in a Pod.
  static let sharedProcesses = Example(
    name: "share-process-namespace",
    spec: """
        shareProcessNamespace: true
        containers:
        - name: server
          $image
          command: [httpd, -f, -p, "8080"]
        - name: shell
          $image
          command: [sleep, "1000"]
          securityContext: {capabilities: {add: [SYS_PTRACE]}}
          stdin: true
          tty: true
      """)

  /// Tasks: Determine the Reason for Pod Failure.
  static let termination = Example(
    name: "termination-demo",
    spec: """
        restartPolicy: Never
        containers:
        - name: file
          $image
          command: [sh, -c, "sleep 0.2; echo Sleep expired > /tmp/my-log"]
          terminationMessagePath: /tmp/my-log
        - name: log
          $image
          command: [sh, -c, "echo last words; exit 7"]
          terminationMessagePolicy: FallbackToLogsOnError
      """)

  /// Concepts: Sidecar Containers.
  static let sidecar = Example(
    name: "sidecar",
    spec: """
        restartPolicy: Never
        terminationGracePeriodSeconds: 1
        volumes: [{name: data, emptyDir: {}}]
        initContainers:
        - name: logshipper
          $image
          restartPolicy: Always
          command: [sh, -c, "until test -e /opt/logs.txt; do sleep 0.1; done; tail -F /opt/logs.txt"]
          startupProbe: {exec: {command: ["true"]}, periodSeconds: 1}
          volumeMounts: [{name: data, mountPath: /opt}]
        containers:
        - name: job
          $image
          command: [sh, -c, "echo logging > /opt/logs.txt; sleep 0.5"]
          volumeMounts: [{name: data, mountPath: /opt}]
      """)

  /// Tasks: Adding Entries to Pod /etc/hosts; Concepts: DNS for Services and Pods.
  static let names = Example(
    name: "names",
    spec: """
        hostname: busybox-1
        subdomain: busybox-subdomain
        hostAliases: [{ip: 127.0.0.1, hostnames: [foo.local, bar.local]}, {ip: 10.1.2.3, hostnames: [foo.remote]}]
        dnsPolicy: None
        dnsConfig: {nameservers: [192.0.2.1], searches: [ns1.svc.cluster-domain.example], options: [{name: ndots, value: "2"}, {name: edns0}]}
        containers:
        - name: c
          $image
          command: [sleep, "1000"]
      """)

  /// Concepts: Volumes (emptyDir in memory, subPath, subPathExpr); Tasks: Using sysctls in a Kubernetes Cluster.
  static let volumes = Example(
    name: "volumes",
    spec: """
        securityContext: {sysctls: [{name: kernel.shm_rmid_forced, value: "1"}]}
        volumes: [{name: cache, emptyDir: {medium: Memory, sizeLimit: 4Mi}}, {name: site, emptyDir: {}}]
        containers:
        - name: c
          $image
          command: [sleep, "1000"]
          env: [{name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]
          volumeMounts:
          - {name: cache, mountPath: /cache}
          - {name: site, mountPath: /html, subPath: html}
          - {name: site, mountPath: /logs, subPathExpr: $(POD_NAME)}
          - {name: site, mountPath: /site, readOnly: true}
      """)

  static let all = [
    initialization, sharedVolume, command, dependent, liveness, livenessHTTP, readinessTCP, lifecycle, downward, identity,
    capabilities,
    nonRoot, sharedProcesses, termination, sidecar, names, volumes,
  ]
}
