"""What else looks like compute, and why it is not analysed: one table, kind → reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tfopt.plan.model import Skipped
from tfopt.plan.planned import Header, Planned

_REASONS: dict[str, str] = {
    "one instance bought at its own bid: nothing keeps it up or scales it": """
        aws_spot_instance_request""",
    "its size follows the jobs in its queues, not a request rate": """
        aws_batch_compute_environment aws_batch_job_definition aws_batch_job_queue""",
    "its size follows the data that its jobs work on, not a request rate": """
        aws_emr_cluster aws_emr_instance_group aws_emr_instance_fleet
        aws_emrserverless_application aws_glue_job aws_glue_dev_endpoint aws_glue_ml_transform
        aws_mwaa_environment google_dataproc_cluster google_dataflow_job
        google_composer_environment azurerm_batch_pool azurerm_hdinsight_hadoop_cluster
        azurerm_hdinsight_spark_cluster azurerm_hdinsight_kafka_cluster azurerm_synapse_spark_pool
        azurerm_databricks_workspace databricks_cluster databricks_instance_pool""",
    "it builds software, as long as a build takes": """
        aws_codebuild_project aws_codebuild_fleet aws_imagebuilder_infrastructure_configuration
        aws_appstream_image_builder""",
    "it serves people at work or model training, not a request rate": """
        aws_sagemaker_notebook_instance aws_sagemaker_app aws_sagemaker_domain
        aws_sagemaker_space aws_sagemaker_user_profile aws_sagemaker_data_quality_job_definition
        aws_codecatalyst_dev_environment aws_cloud9_environment_ec2 aws_workspaces_workspace
        aws_appstream_fleet google_notebooks_instance google_workbench_instance
        azurerm_machine_learning_compute_cluster azurerm_machine_learning_compute_instance""",
    "a database: its size follows its data and connections, not a request rate": """
        aws_db_instance aws_rds_cluster aws_rds_cluster_instance aws_docdb_cluster_instance
        aws_neptune_cluster aws_neptune_cluster_instance aws_redshift_cluster
        aws_redshiftserverless_workgroup aws_lightsail_database aws_finspace_kx_cluster
        aws_dms_replication_instance google_sql_database_instance google_alloydb_instance
        google_spanner_instance google_bigtable_instance azurerm_mssql_database
        azurerm_mssql_elasticpool azurerm_mssql_managed_instance azurerm_postgresql_server
        azurerm_postgresql_flexible_server azurerm_mysql_server azurerm_mysql_flexible_server
        azurerm_kusto_cluster mongodbatlas_cluster mongodbatlas_advanced_cluster""",
    "a cache: its size follows the data that it keeps, not a request rate": """
        aws_elasticache_cluster aws_elasticache_replication_group aws_elasticache_serverless_cache
        aws_memorydb_cluster aws_memorydb_multi_region_cluster aws_dax_cluster
        google_redis_instance google_memcache_instance azurerm_redis_cache
        azurerm_managed_redis""",
    "a search index or queue: its size follows what it stores, not a request rate": """
        aws_opensearch_domain aws_elasticsearch_domain aws_kendra_index aws_msk_cluster
        aws_mq_broker""",
    "serverless: scaled by its vendor, there is no instance to size": """
        aws_lambda_function aws_apprunner_service aws_eks_fargate_profile
        google_cloud_run_service google_cloud_run_v2_service google_cloud_run_v2_job
        google_cloudfunctions_function google_cloudfunctions2_function
        google_app_engine_standard_app_version google_app_engine_flexible_app_version
        azurerm_container_app azurerm_container_group azurerm_function_app
        azurerm_linux_function_app azurerm_windows_function_app""",
    "capacity that is reserved, on which other resources run": """
        aws_ec2_host aws_ec2_capacity_reservation aws_ec2_capacity_block_reservation""",
    "it scales other resources by what is not simulated": """
        aws_autoscalingplans_scaling_plan""",
    "an unmanaged group: its instances are resources of their own": """
        google_compute_instance_group""",
    "App Service plans and dedicated hosts are not analysed": """
        azurerm_service_plan azurerm_app_service_plan azurerm_linux_web_app azurerm_windows_web_app
        azurerm_dedicated_host""",
    "an external controller deploys and sizes it": """
        aws_ecs_task_set""",
    "instances of another price list, which the price book does not hold": """
        aws_lightsail_instance aws_lightsail_container_service aws_gamelift_fleet
        aws_gamelift_game_server_group aws_sagemaker_endpoint_configuration aws_m2_environment""",
    "AWS OpsWorks has ended": """
        aws_opsworks_instance aws_opsworks_custom_layer aws_opsworks_ecs_cluster_layer
        aws_opsworks_ganglia_layer aws_opsworks_haproxy_layer aws_opsworks_java_app_layer
        aws_opsworks_memcached_layer aws_opsworks_mysql_layer aws_opsworks_nodejs_app_layer
        aws_opsworks_php_app_layer aws_opsworks_rails_app_layer aws_opsworks_static_web_layer""",
    "its size follows the data or the nodes that it stands on, or the jobs, not a request rate": """
        kubernetes_stateful_set kubernetes_stateful_set_v1 kubernetes_daemonset
        kubernetes_daemon_set_v1 kubernetes_job kubernetes_job_v1 kubernetes_cron_job
        kubernetes_cron_job_v1""",
    "pods without a deployment: nothing rolls out a change of them": """
        kubernetes_replication_controller kubernetes_replication_controller_v1 kubernetes_pod
        kubernetes_pod_v1""",
    "its scheduler has no autoscaler that is simulated": """
        nomad_job""",
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
    "google_compute_instance_template": "no group of this plan launches from it",
    "google_compute_region_instance_template": "no group of this plan launches from it",
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
