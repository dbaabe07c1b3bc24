"""What else looks like compute, and why it is not analysed: one table, kind → reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tfopt.plan.model import Skipped
from tfopt.plan.planned import Header, Planned

_REASONS: dict[str, str] = {
    "a Spot request is for one instance, launched once": """
        aws_spot_instance_request""",
    "batch, data-processing and training fleets follow their jobs, not a request rate": """
        aws_batch_compute_environment aws_batch_job_definition aws_emr_cluster
        aws_emr_instance_group aws_emr_instance_fleet aws_emrserverless_application aws_glue_job
        aws_glue_dev_endpoint aws_sagemaker_notebook_instance aws_mwaa_environment
        aws_codebuild_project aws_codebuild_fleet google_dataproc_cluster google_dataflow_job
        google_composer_environment google_notebooks_instance google_workbench_instance
        azurerm_batch_pool azurerm_hdinsight_hadoop_cluster azurerm_hdinsight_spark_cluster
        azurerm_hdinsight_kafka_cluster azurerm_synapse_spark_pool azurerm_databricks_workspace
        azurerm_machine_learning_compute_cluster azurerm_machine_learning_compute_instance
        databricks_cluster databricks_instance_pool""",
    "databases and caches are not analysed: their size follows data, not instances": """
        aws_db_instance aws_rds_cluster aws_rds_cluster_instance aws_docdb_cluster_instance
        aws_neptune_cluster_instance aws_redshift_cluster aws_elasticache_cluster
        aws_elasticache_replication_group aws_elasticache_serverless_cache aws_memorydb_cluster
        aws_dax_cluster aws_opensearch_domain aws_elasticsearch_domain aws_msk_cluster
        aws_mq_broker aws_dms_replication_instance google_sql_database_instance
        google_redis_instance google_memcache_instance google_alloydb_instance
        google_spanner_instance google_bigtable_instance azurerm_mssql_database
        azurerm_mssql_elasticpool azurerm_mssql_managed_instance azurerm_postgresql_server
        azurerm_postgresql_flexible_server azurerm_mysql_server azurerm_mysql_flexible_server
        azurerm_redis_cache azurerm_managed_redis azurerm_kusto_cluster
        mongodbatlas_cluster mongodbatlas_advanced_cluster""",
    "serverless: scaled by its vendor, there is no instance to size": """
        aws_lambda_function aws_apprunner_service aws_eks_fargate_profile
        google_cloud_run_service google_cloud_run_v2_service google_cloud_run_v2_job
        google_cloudfunctions_function google_cloudfunctions2_function
        google_app_engine_standard_app_version google_app_engine_flexible_app_version
        azurerm_container_app azurerm_container_group azurerm_function_app
        azurerm_linux_function_app azurerm_windows_function_app""",
    "this AWS service is not analysed yet": """
        aws_elastic_beanstalk_environment aws_gamelift_fleet aws_appstream_fleet
        aws_workspaces_workspace aws_lightsail_instance aws_lightsail_container_service
        aws_ec2_host aws_ec2_capacity_reservation aws_ecs_capacity_provider aws_ecs_task_set
        aws_cloud9_environment_ec2 aws_sagemaker_endpoint_configuration
        aws_autoscalingplans_scaling_plan""",
    "Google Cloud groups are not analysed yet": """
        google_compute_instance google_compute_instance_from_template
        google_compute_instance_template google_compute_region_instance_template
        google_compute_instance_group google_compute_instance_group_manager
        google_compute_region_instance_group_manager google_compute_autoscaler
        google_compute_region_autoscaler google_container_cluster google_container_node_pool""",
    "Azure groups are not analysed yet": """
        azurerm_virtual_machine azurerm_linux_virtual_machine azurerm_windows_virtual_machine
        azurerm_virtual_machine_scale_set azurerm_linux_virtual_machine_scale_set
        azurerm_windows_virtual_machine_scale_set azurerm_orchestrated_virtual_machine_scale_set
        azurerm_monitor_autoscale_setting azurerm_kubernetes_cluster
        azurerm_kubernetes_cluster_node_pool azurerm_service_plan azurerm_app_service_plan
        azurerm_linux_web_app azurerm_windows_web_app azurerm_dedicated_host""",
    "Kubernetes workloads are not analysed yet": """
        kubernetes_deployment kubernetes_deployment_v1 kubernetes_stateful_set
        kubernetes_stateful_set_v1 kubernetes_daemonset kubernetes_daemon_set_v1
        kubernetes_replication_controller kubernetes_replication_controller_v1 kubernetes_pod
        kubernetes_pod_v1 kubernetes_job kubernetes_job_v1 kubernetes_cron_job
        kubernetes_cron_job_v1 kubernetes_horizontal_pod_autoscaler
        kubernetes_horizontal_pod_autoscaler_v1 kubernetes_horizontal_pod_autoscaler_v2
        kubernetes_horizontal_pod_autoscaler_v2beta2 nomad_job""",
    "may hold workloads in a manifest or chart, which is not read": """
        helm_release kubernetes_manifest kubectl_manifest""",
    "there are no prices for this cloud": """
        digitalocean_droplet digitalocean_droplet_autoscale digitalocean_kubernetes_cluster
        digitalocean_kubernetes_node_pool hcloud_server linode_instance linode_lke_cluster
        vultr_instance vultr_kubernetes scaleway_instance_server scaleway_k8s_pool
        oci_core_instance oci_core_instance_pool oci_core_instance_configuration
        oci_containerengine_node_pool alicloud_instance alicloud_ess_scaling_group
        alicloud_cs_kubernetes_node_pool ibm_is_instance ibm_is_instance_group
        ibm_container_vpc_worker_pool openstack_compute_instance_v2 yandex_compute_instance
        yandex_compute_instance_group tencentcloud_instance tencentcloud_as_scaling_group
        exoscale_compute_instance exoscale_instance_pool ovh_cloud_project_instance
        ovh_cloud_project_kube_nodepool equinix_metal_device upcloud_server
        vsphere_virtual_machine proxmox_virtual_environment_vm proxmox_vm_qemu""",
}
REASONS: Mapping[str, str] = {
    kind: reason for reason, kinds in _REASONS.items() for kind in kinds.split()
}
# launched from, or scaled, by a group that is not there
_UNUSED: Mapping[str, str] = {
    "aws_launch_template": "no group of this plan launches from it",
    "aws_launch_configuration": "no group of this plan launches from it",
    "aws_ecs_task_definition": "no service of this plan runs it",
}
DESTROYED = "the plan destroys it"


def listed(headers: Iterable[Header]) -> list[Skipped]:
    """Return the compute-like resources outside the adapters' kinds."""
    return [
        Skipped(
            header.address,
            header.kind,
            DESTROYED if header.action == "delete" else REASONS[header.kind],
        )
        for header in headers
    ]


def destroyed(planned: Planned, group_kinds: Iterable[str]) -> list[Skipped]:
    """Return the groups that the plan destroys."""
    kinds = frozenset(group_kinds)
    return [
        Skipped(one.address, one.kind, DESTROYED)
        for one in planned.resources
        if one.action == "delete" and one.kind in kinds
    ]


def unused(planned: Planned, used: set[str]) -> list[Skipped]:
    """Return the templates and task definitions that no group of the plan takes in."""
    return [
        Skipped(one.address, one.kind, _UNUSED[one.kind])
        for one in planned.of(*_UNUSED)
        if one.address not in used
    ]
